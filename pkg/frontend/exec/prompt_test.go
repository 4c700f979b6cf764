package exec

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// The texts are those of 0.133.0.
func TestDecode(t *testing.T) {
	const retry = " Convert it to UTF-8 and retry."
	for _, tc := range []struct{ in, want, err string }{
		{"plain é", "plain é", ""},
		{"", "", ""},
		{"\xef\xbb\xbfafter", "after", ""},
		{"\xff\xfeh\x00\xe9\x00", "hé", ""},
		{"\xfe\xff\x00h\xd8\x3d\xde\x00", "h\U0001F600", ""},
		{"\xff\xfe", "", ""},
		{"\xff\xfeh\x00\x00", "", "input looked like UTF-16LE but could not be decoded." + retry},
		{"\xff\xfe\x00\xd8", "", "input looked like UTF-16LE but could not be decoded." + retry},
		{"\xff\xfe\x00\xdc\x00\xd8", "", "input looked like UTF-16LE but could not be decoded." + retry},
		{"\xfe\xff\x00h\xd8", "", "input looked like UTF-16BE but could not be decoded." + retry},
		{"\xff\xfe\x00\x00h\x00\x00\x00", "", "input appears to be UTF-32LE." + retry},
		{"\x00\x00\xfe\xff\x00\x00\x00h", "", "input appears to be UTF-32BE." + retry},
		{"\xff", "", "input is not valid UTF-8 (invalid byte at offset 0). Convert it to UTF-8 and retry (e.g., `iconv -f <ENC> -t UTF-8 prompt.txt`)."},
		{"ab\xc3", "", "input is not valid UTF-8 (invalid byte at offset 2). Convert it to UTF-8 and retry (e.g., `iconv -f <ENC> -t UTF-8 prompt.txt`)."},
		{"a\xed\xa0\x80b", "", "input is not valid UTF-8 (invalid byte at offset 1). Convert it to UTF-8 and retry (e.g., `iconv -f <ENC> -t UTF-8 prompt.txt`)."},
		{"\ufffd\xfe", "", "input is not valid UTF-8 (invalid byte at offset 3). Convert it to UTF-8 and retry (e.g., `iconv -f <ENC> -t UTF-8 prompt.txt`)."},
	} {
		got, err := decode([]byte(tc.in))
		switch {
		case tc.err == "" && (err != nil || got != tc.want):
			t.Errorf("%q: %q, %v", tc.in, got, err)
		case tc.err != "" && (err == nil || err.Error() != tc.err):
			t.Errorf("%q: error %v, want %s", tc.in, err, tc.err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "a", "\xef\xbb\xbf", "\xff\xfea\x00", "\xfe\xff\xd8\x3d\xde\x00", "\xff\xfe\x00\x00", "\x00\x00\xfe\xff", "\xc3"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := decode(data)
		if err == nil && !utf8.ValidString(s) {
			t.Errorf("%q became %q", data, s)
		}
		if utf8.Valid(data) && !bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")) && (err != nil || s != strings.TrimPrefix(string(data), "\ufeff")) {
			t.Errorf("%q became %q, %v", data, s, err)
		}
	})
}

// TestPrompt is the table of where a prompt can come from.
func TestPrompt(t *testing.T) {
	const additional, reading = "Reading additional input from stdin...\n", "Reading prompt from stdin...\n"
	for _, tc := range []struct {
		args, stdin string
		terminal    bool
		want        string
		notice, err string
	}{
		{args: "P", terminal: true, want: "P"},
		{args: "P", stdin: "", want: "P", notice: additional},
		{args: "P", stdin: " \n", want: "P", notice: additional},
		{args: "P", stdin: "a", want: "P\n\n<stdin>\na\n</stdin>", notice: additional},
		{args: "P", stdin: "a\n\n", want: "P\n\n<stdin>\na\n\n</stdin>", notice: additional},
		{args: "", stdin: " x\n", want: " x\n", notice: reading},
		{args: "", stdin: "\n", notice: reading, err: "No prompt provided via stdin."},
		{args: "", terminal: true, err: "No prompt provided. Either specify one as an argument or pipe the prompt into stdin."},
		{args: "''", stdin: " \n", notice: additional, err: string(noPrompt)},
		{args: "''", stdin: "a", want: "\n\n<stdin>\na\n</stdin>", notice: additional},
		{args: "''", terminal: true, err: string(noPrompt)},
		{args: "'' -i a", terminal: true, want: ""},
		{args: "resume ID ''", stdin: "x", err: string(noPrompt)},
		{args: "-", stdin: "x", want: "x"},
		{args: "-", stdin: "x", terminal: true, want: "x"},
		{args: "-", stdin: "", err: "No prompt provided via stdin."},
		{args: "-", stdin: "\xff", err: "Failed to read prompt from stdin: input is not valid UTF-8 (invalid byte at offset 0). Convert it to UTF-8 and retry (e.g., `iconv -f <ENC> -t UTF-8 prompt.txt`)."},
		{args: "resume ID P", stdin: "x", want: "P"},
		{args: "resume ID", stdin: "x", want: "x", notice: reading},
		{args: "resume ID -", stdin: "x", want: "x"},
		{args: "resume --last P", stdin: "x", want: "P"},
	} {
		argv := strings.Fields(tc.args)
		for i, arg := range argv {
			argv[i] = strings.Trim(arg, "'")
		}
		a, err := ParseArgs(argv)
		if err != nil {
			t.Fatal(err)
		}
		var notice bytes.Buffer
		got, err := a.prompt(stdin{strings.NewReader(tc.stdin), tc.terminal, &notice})
		text := ""
		if err != nil {
			text = err.Error()
		}
		if err == nil && got != tc.want || text != tc.err || notice.String() != tc.notice {
			t.Errorf("%q with %q: %q, error %q, notice %q", tc.args, tc.stdin, got, text, notice.String())
		}
	}
}
