package main

import (
	"bytes"
	"fmt"
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
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"install.sh.sha256", grep(sums, "install.sh")},
		{"SHA256SUMS", sums},
		{"latest", []byte(r.version + "\n")},
	} {
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
	return script, nil
}

// sums is SHA256SUMS: one line for each file of the folder of releases, older ones too,
// except for the lists themselves.
func (r *release) sums() ([]byte, error) {
	list, err := os.ReadDir(r.out)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, f := range list {
		name := f.Name()
		if !f.Type().IsRegular() || name[0] == '.' || slices.Contains([]string{"SHA256SUMS", "latest", "install.sh.sha256"}, name) {
			continue
		}
		s, err := sum(filepath.Join(r.out, name))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%s  %s\n", s, name)
	}
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
