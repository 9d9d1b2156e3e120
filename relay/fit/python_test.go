package fit_test

import (
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"mailchute/relay/fit"
)

// read is a message as Python sees it.
type read struct {
	Defects []string
	Leaves  []struct {
		Kind    string
		Content []byte
	}
}

// The email package of Python is the second independent reader: it finds no
// defect in what arrives, and the same parts.
func TestPythonReadsWhatArrives(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not there: ", err)
	}
	files, sent := generatedFiles(t, 400)
	out, err := exec.Command(python, append([]string{"testdata/leaves.py"}, files...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []read
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	for i, n := range sent {
		var have []leaf
		for _, l := range found[i].Leaves {
			have = append(have, leaf{l.Kind, string(l.Content)})
		}
		if len(found[i].Defects) > 0 {
			t.Errorf("python finds %v", found[i].Defects)
		}
		compare(t, n, have)
		if t.Failed() {
			text, _ := os.ReadFile(files[i])
			t.Fatalf("in %.2000q", text)
		}
	}
}

// generatedFiles is some messages as they arrive, and what was sent.
func generatedFiles(t *testing.T, count int) (files []string, sent []*node) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(3, 4))
	for len(files) < count {
		m, n, _ := generate(binary.LittleEndian.AppendUint64(nil, random.Uint64()))
		for _, s := range servers() {
			c, err := fit.Fit(m, s, false)
			if err != nil {
				continue // TestGeneratedMessagesArriveIntact judges that
			}
			file := filepath.Join(dir, strconv.Itoa(len(files)))
			if err := os.WriteFile(file, []byte(wire(t, c)), 0o600); err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
			sent = append(sent, n)
		}
	}
	return files, sent
}
