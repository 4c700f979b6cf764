package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// publish puts the installer and the lists beside the archives. Whoever comes while this
// goes on finds the old release whole, or the new one.
func (r *release) publish() error {
	script, err := r.installer()
	if err != nil {
		return err
	}
	if err := r.place("install.sh", script); err != nil {
		return err
	}
	sums, err := r.sums()
	if err != nil {
		return err
	}
	var signature []byte
	if r.key != "" {
		if signature, err = r.sign(sums); err != nil {
			return fmt.Errorf("sign: %w", err)
		}
	}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"install.sh.sha256", grep(sums, "install.sh")},
		{"SHA256SUMS", sums},
		{"SHA256SUMS.minisig", signature},
		{"latest", r.latest()},
	} {
		if f.data == nil { // unsigned; a signature of before would be of another list
			if err := os.Remove(filepath.Join(r.out, f.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			continue
		}
		if err := r.place(f.name, f.data); err != nil {
			return err
		}
	}
	return nil
}

// installer is install.sh with the address of the release in it.
func (r *release) installer() ([]byte, error) {
	script, err := os.ReadFile(filepath.Join(r.root, "install.sh"))
	if err != nil {
		return nil, err
	}
	line := baseLine()
	if n := len(line.FindAll(script, -1)); n != 1 {
		return nil, fmt.Errorf("install.sh has %d lines default_base=ADDRESS, not one", n)
	}
	if r.url != "" {
		script = line.ReplaceAllLiteral(script, []byte("default_base="+r.url))
	}
	if r.key != "" {
		key, err := readKey(r.key, r.password)
		if err != nil {
			return nil, err
		}
		const without = "\npublic_key=\n"
		if n := bytes.Count(script, []byte(without)); n != 1 {
			return nil, fmt.Errorf("install.sh has %d lines public_key=, not one", n)
		}
		script = bytes.Replace(script, []byte(without), []byte("\npublic_key="+publicText(key)+"\n"), 1)
	}
	return script, nil
}

// latest is the file that says which release is the newest.
func (r *release) latest() []byte { return []byte(r.version + "\n") }

// sums is SHA256SUMS: one line for each file of the folder of releases, older ones too,
// except for the lists themselves. That of latest is what the file will hold.
func (r *release) sums() ([]byte, error) {
	list, err := os.ReadDir(r.out)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, f := range list {
		name := f.Name()
		if !f.Type().IsRegular() || name[0] == '.' || slices.Contains([]string{"SHA256SUMS", "SHA256SUMS.minisig", "latest", "install.sh.sha256"}, name) {
			continue
		}
		s, err := sum(filepath.Join(r.out, name))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%s  %s\n", s, name)
	}
	fmt.Fprintf(&out, "%x  latest\n", sha256.Sum256(r.latest()))
	return out.Bytes(), nil
}

func sum(path string) (string, error) { return entry{path: path}.sum() }

// grep gives the line of sums about the file called name.
func grep(sums []byte, name string) []byte {
	for line := range strings.Lines(string(sums)) {
		if strings.HasSuffix(line, "  "+name+"\n") {
			return []byte(line)
		}
	}
	return nil
}
