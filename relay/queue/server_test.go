package queue

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestTheMarkOfAServerOutlivesItAndItsLockDoesNot(t *testing.T) {
	server := fresh(t)
	other := open(t, server.Path())
	says := func(when, config string, claimed, served bool) {
		t.Helper()
		if c, is := other.Server(); c != config || is != claimed {
			t.Errorf("%s: %q, %t", when, c, is)
		}
		for range 2 { // to ask changes nothing
			if got := other.Served(); got != served {
				t.Errorf("%s: served %t", when, got)
			}
		}
	}
	claim := func(q *Queue, config string, fresh bool) {
		t.Helper()
		if got, err := q.Claim(config); err != nil || got != fresh {
			t.Errorf("%t, %v", got, err)
		}
	}
	says("no directory", "", false, false)
	claim(server, "/etc/a.toml", true)
	says("at work", "/etc/a.toml", true, true)
	claim(server, "/etc/a.toml", false)
	next := open(t, server.Path())
	claim(next, "/etc/a.toml", false)
	server.Close()
	says("another has come before the first went", "/etc/a.toml", true, true)
	next.Close()
	says("gone", "/etc/a.toml", true, false)
	claim(next, "/b", true)
	says("another configuration", "/b", true, true)
}

func TestAMarkThatCannotBeReadIsAMark(t *testing.T) {
	q := fresh(t)
	if err := os.MkdirAll(filepath.Join(q.Path(), serverFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if config, claimed := q.Server(); config != "" || !claimed {
		t.Errorf("%q, %t", config, claimed)
	}
}

func TestTheQueueOfAClientLiesApart(t *testing.T) {
	q := fresh(t)
	id := accept(t, q.Client(), letter("a@example.net"))
	if list := ids(t, q.Ready(noon)); len(list) != 0 {
		t.Errorf("the server sends %q", list)
	}
	c := q.Client()
	defer c.Close()
	if list := ids(t, c.Ready(noon)); len(list) != 1 || list[0] != id {
		t.Errorf("the client has %q", list)
	}
	if errs := q.Sweep(noon); len(errs) != 0 {
		t.Error(errs)
	}
}

func TestALinkInPlaceOfAClientsQueueIsNotFollowed(t *testing.T) {
	q, victim := fresh(t), fresh(t)
	accept(t, q, letter("a@example.net"))
	accept(t, victim, letter("b@example.net"))
	if err := os.Symlink(victim.Path(), filepath.Join(q.Path(), clientDir)); err != nil {
		t.Fatal(err)
	}
	c := q.Client()
	defer c.Close()
	if _, err := c.Accept(letter("c@example.net")); !errors.Is(err, ErrUnusable) {
		t.Error(err)
	}
	for id, err := range c.Ready(noon) {
		if err == nil {
			t.Errorf("%q is seen through it", id)
		}
	}
}
