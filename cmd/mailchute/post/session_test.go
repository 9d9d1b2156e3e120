package post

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"mailchute/cmd/mailchute/face"
	"mailchute/inject"
	"mailchute/relay/smtp/smtptest"
)

func TestAConnectionThatNobodyUsesIsGivenUp(t *testing.T) {
	p := smtptest.New("")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	file := filepath.Join(t.TempDir(), "mailchute.toml")
	if err := os.WriteFile(file, []byte("smarthost = \"smtp+plain://"+p.Addr()+"\"\n[queue]\nenabled = false\n[log]\nto = \"none\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := face.New(face.Process{Stderr: io.Discard, Getenv: func(string) string { return "" }}, &inject.Args{ConfigFile: file})
	if err := f.Load(); err != nil {
		t.Fatal(err)
	}
	k, err := Keep(f, &f.Config.Default)
	if err != nil {
		t.Fatal(err)
	}
	c, giveBack, err := k.borrow("box.example")
	if err != nil {
		t.Fatal(err)
	}
	giveBack()
	if again, giveBack, err := k.borrow("box.example"); err != nil || again != c {
		t.Errorf("it is not kept: %v", err)
	} else {
		giveBack()
	}
	k.hangUp() // the timer does this
	if again, giveBack, err := k.borrow("box.example"); err != nil || again == c {
		t.Errorf("it is kept: %v", err)
	} else {
		giveBack()
	}
	k.End()
}
