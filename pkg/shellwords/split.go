package shellwords

import "strings"

// Split splits a line as a POSIX shell would, without expanding anything; # at the begin
// of a word starts a comment. ok is false when a quote is open at the end, or a backslash
// stands there.
func Split(s string) (out []string, ok bool) {
	var w strings.Builder
	open := false // a word has begun
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ' ', '\t', '\n':
			if open {
				out, open = append(out, w.String()), false
				w.Reset()
			}
		case '#':
			if open {
				w.WriteByte(c)
				continue
			}
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case '\\':
			if i++; i == len(s) {
				return nil, false
			}
			if s[i] != '\n' {
				open = true
				w.WriteByte(s[i])
			}
		case '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return nil, false
			}
			open = true
			w.WriteString(s[i+1 : i+1+end])
			i += end + 1
		case '"':
			open = true
			for i++; ; i++ {
				if i >= len(s) {
					return nil, false
				}
				if s[i] == '"' {
					break
				}
				if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\\n", s[i+1]) >= 0 {
					if i++; s[i] == '\n' {
						continue
					}
				}
				w.WriteByte(s[i])
			}
		default:
			open = true
			w.WriteByte(c)
		}
	}
	if open {
		out = append(out, w.String())
	}
	return out, true
}

// Script is a command as people say it: the script, when it is one for a shell.
func Script(command string) string {
	if words, ok := Split(command); ok && len(words) == 3 && (words[1] == "-lc" || words[1] == "-c") {
		return words[2]
	}
	return command
}
