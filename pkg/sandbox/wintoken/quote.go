package wintoken

import "strings"

// CommandLine joins argv so that the program that reads it by the rules of the
// C library gets the same words.
func CommandLine(argv []string) string {
	var b strings.Builder
	for i, arg := range argv {
		if i > 0 {
			b.WriteByte(' ')
		}
		if i == 0 {
			program(&b, arg)
		} else {
			quote(&b, arg)
		}
	}
	return b.String()
}

// program writes the first word, in which a backslash is always itself and a
// quote cannot be written.
func program(b *strings.Builder, arg string) {
	arg = strings.ReplaceAll(arg, `"`, "")
	if arg == "" || strings.ContainsAny(arg, " \t") {
		arg = `"` + arg + `"`
	}
	b.WriteString(arg)
}

// quote writes a word: backslashes count double before a quote.
func quote(b *strings.Builder, arg string) {
	if arg != "" && !strings.ContainsAny(arg, " \t\n\v\"") {
		b.WriteString(arg)
		return
	}
	b.WriteByte('"')
	slashes := 0
	for _, c := range []byte(arg) {
		switch c {
		case '\\':
			slashes++
		case '"':
			b.WriteString(strings.Repeat(`\`, slashes+1))
			slashes = 0
		default:
			slashes = 0
		}
		b.WriteByte(c)
	}
	b.WriteString(strings.Repeat(`\`, slashes) + `"`)
}
