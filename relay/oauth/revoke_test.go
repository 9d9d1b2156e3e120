package oauth

import (
	"context"
	"strings"
	"testing"

	"mailchute/relay/secret"
)

func TestRevoke(t *testing.T) {
	a := newAuthority(t)
	c := a.client()
	for _, tt := range []struct{ access, refresh, want string }{{"a", "r", "r"}, {"a", "", "a"}} {
		if done, err := c.Revoke(t.Context(), Token{Access: secret.New(tt.access), Refresh: secret.New(tt.refresh)}); !done || err != nil || a.Revoked()[len(a.Revoked())-1] != tt.want {
			t.Errorf("%v, %v, revoked %q", done, err, a.Revoked())
		}
	}
	if done, err := c.Revoke(t.Context(), Token{}); done || err != nil {
		t.Errorf("nothing: %v, %v", done, err)
	}
	c.Revocation = a.URL + "/none"
	if done, err := c.Revoke(t.Context(), Token{Access: secret.New("a")}); done || err == nil || !strings.Contains(err.Error(), "HTTP status 404") {
		t.Errorf("%v, %v", done, err)
	}
	c.Revocation = ""
	if done, err := c.Revoke(context.Background(), Token{Access: secret.New("a")}); done || err != nil {
		t.Errorf("no endpoint: %v, %v", done, err)
	}
}
