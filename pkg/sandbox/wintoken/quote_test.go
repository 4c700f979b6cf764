package wintoken

import (
	"slices"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		argv []string
		want string
	}{
		{[]string{"cmd", "/c", "echo hi"}, `cmd /c "echo hi"`},
		{[]string{`C:\Program Files\x.exe`, ""}, `"C:\Program Files\x.exe" ""`},
		{[]string{"x", `a\b`, `a b\`, `say "hi"`, `\\"`}, `x a\b "a b\\" "say \"hi\"" "\\\\\""`},
		{[]string{"x", "a\tb", "%PATH%", "a&b"}, "x \"a\tb\" %PATH% a&b"},
		{[]string{`x"y`, "z"}, `xy z`},
	} {
		if got := CommandLine(tt.argv); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.argv, got, tt.want)
		}
	}
}

// split reads a command line as the C library does.
func split(line string) []string {
	var out []string
	var word strings.Builder
	i := 0
	quoted := false
	for ; i < len(line) && (quoted || line[i] != ' ' && line[i] != '\t'); i++ { // the program
		if line[i] == '"' {
			quoted = !quoted
		} else {
			word.WriteByte(line[i])
		}
	}
	out = append(out, word.String())
	for {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		if i >= len(line) {
			return out
		}
		word.Reset()
		quoted = false
		for ; i < len(line) && (quoted || line[i] != ' ' && line[i] != '\t'); i++ {
			n := 0
			for i < len(line) && line[i] == '\\' {
				n, i = n+1, i+1
			}
			if i < len(line) && line[i] == '"' {
				word.WriteString(strings.Repeat(`\`, n/2))
				if n%2 == 1 {
					word.WriteByte('"')
				} else {
					quoted = !quoted
				}
				continue
			}
			word.WriteString(strings.Repeat(`\`, n))
			i--
			if n == 0 {
				i++
				word.WriteByte(line[i])
			}
		}
		out = append(out, word.String())
	}
}

func FuzzCommandLine(f *testing.F) {
	f.Add("x", `a\"b`, `c d\\`)
	f.Add(`C:\a b`, "", "\n\"")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		argv := []string{strings.ReplaceAll(a, `"`, ""), b, c}
		if strings.ContainsRune(a+b+c, 0) {
			return
		}
		line := CommandLine(argv)
		if got := split(line); !slices.Equal(got, argv) {
			t.Errorf("%q became %s, read as %q", argv, line, got)
		}
	})
}
