package main

import (
	"bytes"
	_ "embed"
	"regexp"
	"strings"
	"text/template"
)

//go:embed formula.rb.tmpl
var formulaText string

// formula makes the formula for Homebrew; sums are those of the archives, by target.
func (r *release) formula(wanted []target, sums map[string]string) error {
	type archive struct{ CPU, Name, Sum string }
	type system struct {
		Name     string
		Archives []archive
	}
	data := struct {
		Version, URL string
		Systems      []system
	}{Version: r.version, URL: r.url}
	if data.URL == "" {
		script, err := r.installer()
		if err != nil {
			return err
		}
		data.URL = string(baseLine().FindSubmatch(script)[1])
	}
	for _, os := range []struct{ name, brew string }{{"darwin", "macos"}, {"linux", "linux"}} {
		s := system{Name: os.brew}
		for _, t := range wanted {
			if t.os == os.name {
				cpu := map[string]string{"amd64": "intel", "arm64": "arm"}[t.arch]
				name := "codex-" + strings.ReplaceAll(r.version, "+", "%2B") + "-" + t.triple + ".tar.gz" // see fetch in install.sh
				s.Archives = append(s.Archives, archive{cpu, name, sums[t.String()]})
			}
		}
		if len(s.Archives) > 0 {
			data.Systems = append(data.Systems, s)
		}
	}
	page, err := template.New("formula").Parse(formulaText)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := page.Execute(&out, data); err != nil {
		return err
	}
	return r.place("codex-unix.rb", out.Bytes())
}

// baseLine is the line of install.sh that says where releases are.
func baseLine() *regexp.Regexp { return regexp.MustCompile(`(?m)^default_base=(\S+)$`) }
