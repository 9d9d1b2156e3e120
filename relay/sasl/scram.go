package sasl

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// The iteration counts that are taken from a server. RFC 5802 section 5.1 asks
// for 4096 at least; fewer would help whoever wants to guess the password. The
// upper bound is some seconds of work.
const (
	minIterations = 4096
	maxIterations = 10_000_000
)

// The steps of the exchange, RFC 5802 section 5.
type scramStep int

const (
	scramStart  scramStep = iota
	scramFirst            // client-first-message is sent
	scramProved           // client-final-message is sent
	scramDone             // the server's signature was right
	scramFailed
)

// scram is SCRAM of RFC 5802 over the hash function of its name.
type scram struct {
	name           string
	hash           func() hash.Hash
	user, password string // prepared; user also as a saslname
	gs2            string // GS2 header
	binding        []byte // channel binding data behind the header
	nonce          string

	step      scramStep
	signature []byte // what the server is to prove with
}

func newSCRAM(name string, c Credentials) (*scram, error) {
	s := &scram{name: name, hash: sha1.New, nonce: rand.Text()}
	if strings.HasPrefix(name, "SCRAM-SHA-256") {
		s.hash = sha256.New
	}
	user, errUser := prepare(c.User)
	password, errPassword := prepare(c.Secret)
	if err := errors.Join(errUser, errPassword); err != nil {
		return nil, err
	}
	s.user, s.password = saslname(user), password

	b, err := bind(c.TLS)
	switch plus := strings.HasSuffix(name, "-PLUS"); {
	case plus && err != nil:
		return nil, err
	case plus:
		s.gs2, s.binding = "p="+b.kind+",,", b.data
	case err == nil && len(c.Offered) > 0 && !offers(c.Offered, name+"-PLUS"):
		// We could bind, and the server seems not to: it fails the login if
		// somebody took -PLUS out of its offer (RFC 5802 section 6).
		s.gs2 = "y,,"
	default:
		s.gs2 = "n,,"
	}
	return s, nil
}

// Start gives the client-first-message.
func (s *scram) Start() (string, []byte, error) {
	if s.step != scramStart {
		return "", nil, errUnexpected
	}
	s.step = scramFirst
	return s.name, []byte(s.gs2 + s.firstBare()), nil
}

func (s *scram) firstBare() string { return "n=" + s.user + ",r=" + s.nonce }

// Next answers the server-first-message with the proof that we know the
// password, and the server-final-message, its proof, with an empty response.
func (s *scram) Next(challenge []byte) ([]byte, error) {
	step := s.step
	s.step = scramFailed
	switch step {
	case scramFirst:
		response, err := s.prove(string(challenge))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		s.step = scramProved
		return response, nil
	case scramProved:
		if err := s.verify(string(challenge)); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		s.step = scramDone
		return []byte{}, nil
	}
	return nil, errUnexpected
}

// prove is the client-final-message; the computation is RFC 5802 section 3.
func (s *scram) prove(serverFirst string) ([]byte, error) {
	first, err := parseServerFirst(serverFirst)
	if err != nil {
		return nil, err
	}
	if len(first.nonce) <= len(s.nonce) || !strings.HasPrefix(first.nonce, s.nonce) {
		return nil, errors.New("the server answers another login: its nonce does not begin with ours")
	}
	size := s.hash().Size()
	salted, err := pbkdf2.Key(s.hash, s.password, first.salt, first.iterations, size)
	if err != nil {
		return nil, err
	}
	clientKey := s.mac(salted, "Client Key")
	stored := s.hash()
	stored.Write(clientKey)
	final := "c=" + base64.StdEncoding.EncodeToString(append([]byte(s.gs2), s.binding...)) + ",r=" + first.nonce
	auth := s.firstBare() + "," + serverFirst + "," + final

	proof := s.mac(stored.Sum(nil), auth)
	for i := range proof {
		proof[i] ^= clientKey[i]
	}
	s.signature = s.mac(s.mac(salted, "Server Key"), auth)
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

// verify checks the server-final-message.
func (s *scram) verify(serverFinal string) error {
	value, _, _ := strings.Cut(serverFinal, ",")
	if strings.HasPrefix(value, "e=") {
		return fmt.Errorf("the server refuses the proof: %q", cut(value[2:]))
	}
	text, ok := strings.CutPrefix(value, "v=")
	if !ok {
		return errors.New("malformed last message of the server")
	}
	signature, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !hmac.Equal(signature, s.signature) {
		return errors.New("the server does not know the password: its signature is wrong")
	}
	return nil
}

func (s *scram) mac(key []byte, text string) []byte {
	h := hmac.New(s.hash, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// serverFirst is a parsed server-first-message.
type serverFirst struct {
	nonce      string
	salt       []byte
	iterations int
}

// parseServerFirst reads "r=nonce,s=salt,i=count[,extensions]" (RFC 5802 section
// 7). The order is fixed; an "m=" in front asks for an extension that we do not
// know and must fail the login.
func parseServerFirst(text string) (serverFirst, error) {
	var f serverFirst
	parts := strings.SplitN(text, ",", 4)
	if len(parts) < 3 {
		return f, errors.New("malformed first message of the server")
	}
	nonce, okNonce := strings.CutPrefix(parts[0], "r=")
	salt, okSalt := strings.CutPrefix(parts[1], "s=")
	count, okCount := strings.CutPrefix(parts[2], "i=")
	if !okNonce || !okSalt || !okCount {
		return f, errors.New("malformed first message of the server")
	}
	var err error
	if f.salt, err = base64.StdEncoding.DecodeString(salt); err != nil || len(f.salt) == 0 {
		return f, errors.New("malformed salt of the server")
	}
	if f.iterations, err = strconv.Atoi(count); err != nil || f.iterations < minIterations || f.iterations > maxIterations {
		return f, fmt.Errorf("iteration count %q of the server is not between %d and %d", cut(count), minIterations, maxIterations)
	}
	f.nonce = nonce
	return f, nil
}

// cut keeps a hostile server's text short in an error.
func cut(s string) string {
	const limit = 60
	if len(s) > limit {
		return s[:limit] + "..."
	}
	return s
}
