package manpage

import "strings"

// word is one unbreakable piece of running text.
type word struct {
	text string
	glue bool // no space before it
}

// arg is one argument of a macro line; a quoted one is never a macro.
type arg struct {
	text   string
	quoted bool
}

// splitArgs takes a macro line apart, with "…" around arguments that hold spaces.
func splitArgs(s string) []arg {
	var out []arg
	for {
		s = strings.TrimLeft(s, " \t")
		switch {
		case s == "" || strings.HasPrefix(s, `\"`):
			return out
		case s[0] == '"':
			var b strings.Builder
			i := 1
			for ; i < len(s); i++ {
				if s[i] == '"' {
					if i+1 == len(s) || s[i+1] != '"' {
						break
					}
					i++ // "" inside quotes is one quote
				}
				b.WriteByte(s[i])
			}
			out = append(out, arg{b.String(), true})
			s = s[min(i+1, len(s)):]
		default:
			end := 0
			for end < len(s) && s[end] != ' ' && s[end] != '\t' {
				if s[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end, len(s))
			out = append(out, arg{s[:end], false})
			s = s[end:]
		}
	}
}

// enclosure gives the brackets of an enclosing macro (Op, Dq …) or of a pair (Oo/Oc …).
func enclosure(macro string) (open, shut string) {
	switch macro {
	case "Op", "Oo", "Oc", "Bq", "Bo", "Bc":
		return "[", "]"
	case "Pq", "Po", "Pc":
		return "(", ")"
	case "Aq", "Ao", "Ac":
		return "<", ">"
	case "Brq", "Bro", "Brc":
		return "{", "}"
	case "Dq", "Do", "Dc", "Qq", "Qo", "Qc":
		return `"`, `"`
	case "Sq", "So", "Sc", "Ql":
		return "'", "'"
	}
	return "", ""
}

type kind int

const (
	notMacro   kind = iota
	plain           // its arguments are text
	encloses        // brackets around the rest of the line
	opens           // an opening bracket
	shuts           // the closing one
	ownMeaning      // see inline
)

func kindOf(macro string) kind {
	switch macro {
	case "Ar", "Cm", "Ic", "Pa", "Va", "Vt", "Em", "Sy", "Li", "Dv", "Ev", "Er", "Tn", "Ad", "An", "Fa", "Fn", "Ft",
		"Cd", "Mt", "Sx", "Ms", "No":
		return plain
	case "Op", "Bq", "Pq", "Aq", "Brq", "Dq", "Qq", "Sq", "Ql":
		return encloses
	case "Oo", "Bo", "Po", "Ao", "Bro", "Do", "Qo", "So":
		return opens
	case "Oc", "Bc", "Pc", "Ac", "Brc", "Dc", "Qc", "Sc":
		return shuts
	case "Fl", "Nm", "Nd", "Xr", "Ns", "Pf", "Ap", "Ux", "Lk", "Ex", "Xo", "Xc":
		return ownMeaning
	}
	return notMacro
}

func (a arg) kind() kind {
	if a.quoted {
		return notMacro
	}
	return kindOf(a.text)
}

func closing(s string) bool { return len(s) == 1 && strings.Contains(".,:;)]?!", s) }
func opening(s string) bool { return s == "(" || s == "[" }

// inline adds the words of a macro line to the text.
func (r *renderer) inline(args []arg) {
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		switch a.kind() {
		case notMacro:
			r.bare(a)
		case plain:
			if a.text == "Ar" && (len(args) == 0 || args[0].kind() != notMacro) {
				r.add("file", false)
				r.add("...", false)
			}
			args = r.eachBare(args, "")
		case encloses:
			open, shut := enclosure(a.text)
			end := len(args)
			for end > 0 && !args[end-1].quoted && closing(args[end-1].text) {
				end--
			}
			r.add(open, false)
			r.glueNext = true
			r.inline(args[:end])
			r.add(shut, true)
			args = args[end:]
		case opens:
			open, _ := enclosure(a.text)
			r.add(open, false)
			r.glueNext = true
		case shuts:
			_, shut := enclosure(a.text)
			r.add(shut, true)
		case ownMeaning:
			args = r.special(a.text, args)
		}
	}
}

// special handles the macros with a meaning of their own and gives the arguments left.
func (r *renderer) special(macro string, args []arg) []arg {
	switch macro {
	case "Fl":
		if len(args) == 0 || args[0].kind() != notMacro {
			r.add("-", false)
			r.glueNext = len(args) > 0
			return args
		}
		return r.eachBare(args, "-")
	case "Nm":
		if len(args) > 0 && args[0].kind() == notMacro && !closing(args[0].text) {
			if r.name == "" {
				r.name = args[0].text
			}
			r.bare(args[0])
			return args[1:]
		}
		r.add(r.name, false)
	case "Nd":
		r.add("-", false)
	case "Xr":
		if len(args) > 1 {
			r.add(args[0].text+"("+args[1].text+")", false)
			return args[2:]
		}
	case "Ns":
		r.glueNext = true
	case "Pf":
		if len(args) > 0 {
			r.bare(args[0])
			r.glueNext = true
			return args[1:]
		}
	case "Ap":
		r.add("'", true)
		r.glueNext = true
	case "Ux":
		r.add("UNIX", false)
	case "Lk":
		if len(args) > 1 && !closing(args[1].text) {
			r.eachBare(args[1:], "")
			r.add(":", true)
			args = args[:1]
		}
	case "Ex":
		r.text("The " + r.name + " utility exits 0 on success, and >0 if an error occurs.")
		return nil
	}
	return args
}

// eachBare adds the arguments up to the next macro, each with a prefix.
func (r *renderer) eachBare(args []arg, prefix string) []arg {
	for len(args) > 0 && args[0].kind() == notMacro {
		a := args[0]
		if a.quoted || !closing(a.text) && !opening(a.text) && a.text != "|" {
			a.text = prefix + a.text
		}
		r.bare(a)
		args = args[1:]
	}
	return args
}

func (r *renderer) bare(a arg) {
	switch {
	case !a.quoted && closing(a.text):
		r.add(a.text, true)
	case !a.quoted && opening(a.text):
		r.add(a.text, false)
		r.glueNext = true
	default:
		r.add(a.text, false)
	}
}

// add puts one piece into the text, escapes resolved. Spaces inside it do not break.
func (r *renderer) add(s string, glue bool) {
	s = unescape(s)
	*r.into = append(*r.into, word{s, glue || r.glueNext})
	r.glueNext = false
}

// text adds a line of running text.
func (r *renderer) text(line string) {
	for _, f := range strings.Fields(line) {
		r.add(f, false)
	}
}

// unescape resolves the roff escapes that the pages use.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case '&', '|', '^', ':', '%', 'c':
		case 'e', '\\':
			b.WriteByte('\\')
		case '~', ' ':
			b.WriteByte(' ')
		case '"':
			return b.String()
		case 'f':
			i++ // one letter names the font
			if i < len(s) && s[i] == '(' {
				i += 2
			}
		case '(':
			b.WriteString(special(s[i+1 : min(i+3, len(s))]))
			i += 2
		case '[':
			if end := strings.IndexByte(s[i:], ']'); end > 0 {
				b.WriteString(special(s[i+1 : i+end]))
				i += end
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func special(name string) string {
	switch name {
	case "->", "<-", "<=", ">=":
		return name
	case "ba":
		return "|"
	case "em":
		return "--"
	case "en", "hy", "mi":
		return "-"
	case "bu":
		return "o"
	case "ti":
		return "~"
	case "ha":
		return "^"
	case "ga":
		return "`"
	case "rs":
		return `\`
	case "lq", "rq", "dq":
		return `"`
	case "oq", "cq", "aq":
		return "'"
	case "mu":
		return "x"
	}
	return ""
}
