// Package oauthtest is an authorization server for tests. It answers as it was
// told to, in order, and then as a server does that says yes to everybody; it
// keeps what it was asked.
//
// Its tokens are access-canary-1, refresh-canary-1 and so on. At any time one
// refresh token is good, at first refresh-canary-0. An answer is "STATUS BODY", or
// "drop" to close the connection, or "wait" to say nothing until the client goes.
// "late" is the answer of a server that says yes and takes its time.
package oauthtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is one server on loopback, without TLS. Its fields are set before it is
// asked.
type Server struct {
	URL      string
	Answers  []string // to /token, used up one by one
	Device   string   // to /device
	Lifetime int      // seconds of an access token; 0: the server does not say
	Rotates  bool     // each refresh token is good for one time
	Asked    func()   // if there is one, is called when a token is asked for, before the answer

	mu      sync.Mutex
	forms   []url.Values
	revoked []string
	refresh string
	issued  int
	http    *httptest.Server
}

// New starts a server. Close ends it.
func New() *Server {
	s := &Server{
		Lifetime: 3600, refresh: "refresh-canary-0",
		Device: `200 {"device_code":"device-canary","user_code":"ABCD-EFGH","verification_uri":"https://id.example/device","expires_in":900,"interval":5}`,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		if s.Asked != nil {
			s.Asked()
		}
		answer := s.token(r.PostForm)
		if yes, late := strings.CutPrefix(answer, "late "); late {
			time.Sleep(time.Second / 2)
			answer = yes
		}
		say(w, r, answer)
	})
	mux.HandleFunc("POST /device", func(w http.ResponseWriter, r *http.Request) { s.note(r); say(w, r, s.Device) })
	mux.HandleFunc("POST /revoke", func(_ http.ResponseWriter, r *http.Request) { s.note(r) })
	mux.HandleFunc("GET /auth", func(w http.ResponseWriter, r *http.Request) { // a person who agrees at once
		q := r.URL.Query()
		http.Redirect(w, r, q.Get("redirect_uri")+"/?"+url.Values{"code": {"code-canary"}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
	})
	s.http = httptest.NewServer(mux)
	s.URL = s.http.URL
	return s
}

// Close ends the server.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

func (s *Server) note(r *http.Request) {
	_ = r.ParseForm()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forms = append(s.forms, r.PostForm)
	if r.URL.Path == "/revoke" {
		s.revoked = append(s.revoked, r.PostForm.Get("token"))
	}
}

// say writes an answer.
func say(w http.ResponseWriter, r *http.Request, answer string) {
	status, body, _ := strings.Cut(answer, " ")
	n, err := strconv.Atoi(status)
	if err != nil {
		if status == "wait" {
			<-r.Context().Done()
		}
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(n)
	fmt.Fprint(w, body)
}

// token is the answer of the token endpoint.
func (s *Server) token(form url.Values) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	late := ""
	if len(s.Answers) > 0 {
		answer := s.Answers[0]
		s.Answers = s.Answers[1:]
		if answer != "late" {
			return answer
		}
		late = "late "
	}
	refreshes := form.Get("grant_type") == "refresh_token"
	if refreshes && form.Get("refresh_token") != s.refresh {
		return `400 {"error":"invalid_grant","error_description":"the token was used before"}`
	}
	s.issued++
	grant := map[string]any{"access_token": fmt.Sprintf("access-canary-%d", s.issued), "token_type": "bearer"}
	if s.Lifetime != 0 {
		grant["expires_in"] = s.Lifetime
	}
	if s.Rotates || !refreshes {
		s.refresh = fmt.Sprintf("refresh-canary-%d", s.issued)
		grant["refresh_token"] = s.refresh
	}
	text, _ := json.Marshal(grant)
	return late + "200 " + string(text)
}

// Refresh is the refresh token that is good now.
func (s *Server) Refresh() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refresh
}

// Forms is all that the endpoints were asked.
func (s *Server) Forms() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forms
}

// Grants is how often the token endpoint was asked.
func (s *Server) Grants() (n int) {
	for _, f := range s.Forms() {
		if f.Get("grant_type") != "" {
			n++
		}
	}
	return n
}

// Revoked is the tokens that were given back.
func (s *Server) Revoked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revoked
}
