package foreign

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"mailchute/inject/setup"
)

// mainCF is the parameters of a text.
func mainCF(text string) *parameters {
	s := &source{plan: setup.New(""), path: "/etc/postfix/main.cf"}
	return s.parameters([]byte(text))
}

// TestValuesAreThoseOfPostconf holds what `postconf -x relayhost` of Postfix 3.7.11
// prints.
func TestValuesAreThoseOfPostconf(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no name", `[smtp.example.org]:587`, "[smtp.example.org]:587"},
		{"a name", `$full`, "F"},
		{"in braces", `x${full}y`, "xFy"},
		{"in parentheses", `$(full)`, "F"},
		{"with blanks", `${ full }`, "F"},
		{"a name ends where none can go on", `a.$full-b`, "a.F-b"},
		{"a dollar", `$$full $${full}`, "$full ${full}"},
		{"when it is not empty", `${full?a b}`, "a b"},
		{"when it is empty", `x${none?a}`, "x"},
		{"when it is empty, with a blank", `x${none ?a}`, "x"},
		{"otherwise", `${none: b }`, "b"},
		{"otherwise, in braces", `${none:{b}}`, "b"},
		{"not otherwise", `${full:{b}}x`, "x"},
		{"one or the other", `${full?{a}:b}`, "a"},
		{"the other", `${none?{a}:{b$full}}`, "bF"},
		{"the other, without braces", `${none?{a}:b c}`, "b c"},
		{"with blanks around", `${none? {a} : {b} }`, "b"},
		{"a colon behind text is text", `${full?a:b}`, "a:b"},
		{"in parentheses, one or the other", `$(full?{a}:{b})`, "a"},
		{"the domain", `[smtp.$mydomain]`, "[smtp.test.example]"},
		{"the origin", `$myorigin`, "web1.test.example"},
		{"what is not set", `$nothing`, ""},
		{"nothing", `$fullx`, ""},
		{"an expression", `${{1} == {1} ? {x} : {y}}`, ""},
		{"an empty name", `$-`, ""},
		{"a dollar at the end", `a$`, ""},
		{"no end", `${full`, ""},
		{"two others", `${none:{b}:{c}}`, ""},
		{"text behind a brace", `${full?{a}b}`, ""},
		{"a circle", `$round`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := mainCF("myhostname = web1.test.example\nfull = F\nnone =\nround = $around\naround = $round\nrelayhost = " + tt.text + "\n")
			got, err := p.value("relayhost")
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestDefaultsAreThoseOfPostconf(t *testing.T) {
	tests := []struct{ name, text, parameter, want string }{
		{"the domain is the host's name without its first label", "myhostname = a.b.example", "mydomain", "b.example"},
		{"a host without a domain", "myhostname = a", "mydomain", "localdomain"},
		{"the origin is the host", "myhostname = a.b.example", "myorigin", "a.b.example"},
		{"so is the name in EHLO", "myhostname = a.$mydomain\nmydomain = c.example", "smtp_helo_name", "a.c.example"},
		{"nobody knows the host", "", "mydomain", ""},
		{"the directory", "", "config_directory", "/etc/postfix"},
		{"the last line of a name counts", "relayhost = a\nrelayhost = b", "relayhost", "b"},
		{"without the first", "x = 1\nrelayhost = $x\nx = 2", "relayhost", "2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mainCF(tt.text).value(tt.parameter)
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestAValueThatGrowsWithoutEndIsNone(t *testing.T) {
	var text strings.Builder
	for i := range maxDepth - 2 {
		fmt.Fprintf(&text, "a%d = %s\n", i, strings.Repeat(fmt.Sprintf("$a%d ", i+1), 100))
	}
	fmt.Fprintf(&text, "a%d =\n", maxDepth-2)
	if _, err := mainCF(text.String()).value("a0"); !errors.Is(err, errTooDeep) {
		t.Errorf("error %v", err)
	}
}

// TestNoMailGoesAnotherWay: a relayhost that nobody can tell is no smarthost, and
// an empty one is the servers of each domain.
func TestNoMailGoesAnotherWay(t *testing.T) {
	const host = "myhostname = web1.test.example\n"
	tests := []struct{ name, text, want, note string }{
		{"none", host, "mx:", "relayhost: is empty"},
		{"an empty one", host + "relayhost =", "mx:", "main.cf:2: relayhost: is empty"},
		{"one that becomes empty", host + "x =\nrelayhost = $x", "mx:", "main.cf:3: relayhost: is empty"},
		{"a name in it", host + "relayhost = [smtp.$mydomain]:587", "smtp://smtp.test.example:587", ""},
		{"a name that is not set", host + "relayhost = $smarthost", "", "main.cf:2: relayhost: needs $smarthost"},
		{"the own domain", host + "relayhost = $mydomain", "", "main.cf:2: relayhost: is the own domain"},
		{"no host", host + "relayhost = [a_b!]", "", "main.cf:2: relayhost: is no host"},
		{"default_transport before it", host + "default_transport = smtp:[out.test.example]\nrelayhost = [in.test.example]", "smtp://out.test.example", ""},
		{"default_transport as it is", host + "default_transport = $relay_x\nrelayhost = [in.test.example]", "", "main.cf:2: default_transport: needs $relay_x"},
		{"another transport", host + "default_transport = error", "", "main.cf:2: default_transport: goes before relayhost"},
		{"TLS that nobody can tell", host + "relayhost = [in.test.example]\nsmtp_tls_security_level = $level", "", "main.cf:3: smtp_tls_security_level: needs $level"},
		{"an unknown level", host + "relayhost = [in.test.example]\nsmtp_tls_security_level = maybe", "", "main.cf:3: smtp_tls_security_level: is no level"},
		{"TLS demanded, the old way", host + "relayhost = [in.test.example]\nsmtp_enforce_tls = yes", "submission://in.test.example:25", ""},
		{"which a level overrides", host + "relayhost = [in.test.example]\nsmtp_enforce_tls = yes\nsmtp_tls_security_level = may", "smtp://in.test.example", ""},
		{"TLS demanded of the world", host + "smtp_tls_security_level = encrypt", "mx:", "main.cf:2: smtp_tls_security_level: is not demanded"},
		{"TLS that verifies nobody", host + "relayhost = [in.test.example]\nsmtp_tls_security_level = encrypt", "submission://in.test.example:25", "main.cf:3: smtp_tls_security_level: the certificate is verified now"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &source{plan: setup.New(""), path: "/etc/postfix/main.cf"}
			readPostfix(s, []byte(tt.text))
			if got := s.plan.Default().Get("smarthost"); got != tt.want {
				t.Errorf("smarthost %q, want %q", got, tt.want)
			}
			var notes strings.Builder
			for _, n := range s.plan.Notes {
				fmt.Fprintln(&notes, n)
			}
			if !strings.Contains(notes.String(), tt.note) || tt.note == "" && notes.Len() > 0 {
				t.Errorf("notes %q, want %q", &notes, tt.note)
			}
		})
	}
}

// TestADomainIsNoServer: a relayhost without brackets is one only where its MX
// records, if there are any, say so.
func TestADomainIsNoServer(t *testing.T) {
	records := map[string][]string{"test.example": {"mx2.test.example.", "mx1.test.example."}, "self.example": {"Self.example."}, "null.example": {"."}, "alone.example": nil}
	world := World{Exchangers: func(domain string) ([]string, error) {
		if hosts, ok := records[domain]; ok {
			return hosts, nil
		}
		return nil, errors.New("no answer")
	}}
	const unknown = "its MX records are not asked for"
	tests := []struct {
		name, relayhost string
		world           World
		want, note      string
	}{
		{"in brackets, nobody asks", "[test.example]", world, "smtp://test.example", ""},
		{"without records", "alone.example:587", world, "smtp://alone.example:587", ""},
		{"with itself in them", "self.example", world, "smtp://self.example", ""},
		{"with others", "test.example", world, "", "its MX records name other servers, mx1.test.example mx2.test.example"},
		{"with nobody", "null.example", world, "", "its MX records name other servers"},
		{"others in a list", "test.example, [smtp.test.example]", world, "smtp://smtp.test.example", "its MX records name other servers"},
		{"without an answer", "other.example", world, "smtp://other.example", unknown},
		{"with nobody to ask", "test.example", World{}, "smtp://test.example", unknown},
		{"with nobody to ask for the own domain", "own.example", World{}, "", "is the own domain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &source{plan: setup.New(""), path: "/etc/postfix/main.cf", world: tt.world}
			readPostfix(s, []byte("myhostname = web1.own.example\nrelayhost = "+tt.relayhost+"\n"))
			if got := s.plan.Default().Get("smarthost"); got != tt.want {
				t.Errorf("smarthost %q, want %q", got, tt.want)
			}
			if notes := fmt.Sprint(s.plan.Notes); !strings.Contains(notes, tt.note) || tt.note == "" && notes != "[]" {
				t.Errorf("notes %s, want %q", notes, tt.note)
			}
		})
	}
}

func TestQuestionsHaveAnEnd(t *testing.T) {
	asked := 0
	s := &source{plan: setup.New(""), path: "/etc/postfix/main.cf", world: World{Exchangers: func(string) ([]string, error) { asked++; return nil, nil }}}
	readPostfix(s, []byte("relayhost = "+strings.Repeat("a.example ", 3*maxQuestions)))
	if asked != maxQuestions {
		t.Errorf("%d questions", asked)
	}
}

// TestTheSourceAddressFitsTheServer: an account has one, Postfix one for IPv4 and
// one for IPv6.
func TestTheSourceAddressFitsTheServer(t *testing.T) {
	const both = "smtp_bind_address = 192.0.2.7\nsmtp_bind_address6 = [2001:db8::7]\n"
	tests := []struct {
		name, text, want string
		notes            int
	}{
		{"neither", "relayhost = [a.example]", "", 0},
		{"both, and a name", "relayhost = [a.example]\n" + both, "192.0.2.7", 2},
		{"both, and IPv4", "relayhost = [192.0.2.1]\n" + both, "192.0.2.7", 0},
		{"both, and IPv6", "relayhost = [2001:db8::1]\n" + both, "2001:db8::7", 0},
		{"both, where IPv6 is off", "relayhost = [a.example]\ninet_protocols = ipv4\n" + both, "192.0.2.7", 0},
		{"both, where IPv4 is off", "relayhost = [a.example]\ninet_protocols = ipv6\n" + both, "2001:db8::7", 0},
		{"one that the server has no use for", "relayhost = [2001:db8::1]\nsmtp_bind_address = 192.0.2.7", "", 0},
		{"one for a name", "relayhost = [a.example]\nsmtp_bind_address = [192.0.2.7]", "192.0.2.7", 1},
		{"an interface", "relayhost = [a.example]\nsmtp_bind_address = eth0", "", 1},
		{"the only interface", "relayhost = [a.example]\ninet_interfaces = 192.0.2.7", "", 1},
		{"the only interface, and what is told", "relayhost = [192.0.2.1]\ninet_interfaces = 192.0.2.7\nsmtp_bind_address = 192.0.2.8", "192.0.2.8", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &source{plan: setup.New(""), path: "/etc/postfix/main.cf"}
			readPostfix(s, []byte(tt.text))
			if got := s.plan.Default().Get("source_address"); got != tt.want || len(s.plan.Notes) != tt.notes {
				t.Errorf("source_address %q with notes %v, want %q with %d", got, s.plan.Notes, tt.want, tt.notes)
			}
		})
	}
}
