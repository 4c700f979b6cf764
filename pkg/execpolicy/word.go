package execpolicy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// word is a word of a script, as far as it is known without running anything.
type word struct {
	text  string
	known bool   // a shell makes exactly text of it
	plain bool   // it is letters and quotes, nothing that a shell does something with
	base  string // what stands behind the last slash, of a word that is not known but for that
}

// readWord reads a word. Braces, backslashes outside of quotes and the like are not plain,
// nor is a pattern that may become an option.
func readWord(w *syntax.Word) word {
	r := wordReader{word: word{known: true, plain: true}, glob: -1, one: true}
	for _, p := range w.Parts {
		r.part(p)
	}
	r.text = r.value.String()
	if _, in, ok := strings.Cut(r.bare.String(), "{"); ok && (strings.Contains(in, ",") || strings.Contains(in, "..")) {
		r.known, r.plain = false, false
	}
	if i := strings.LastIndexByte(r.text, '/'); !r.known && r.one && i >= r.last && r.glob <= i && !strings.Contains(r.bare.String(), "{") {
		r.base = r.text[i+1:]
	}
	if r.glob >= 0 {
		r.known = false
		r.plain = r.plain && r.glob > 0 && r.text[0] != '-'
	}
	if strings.ContainsFunc(r.text, deceives) {
		r.plain = false
	}
	return r.word
}

// deceives says that a letter looks like another one, or like none, or that shells differ
// about it.
func deceives(c rune) bool {
	return c == utf8.RuneError || c != '\t' && c != '\n' && unicode.IsControl(c) || c > unicode.MaxASCII && unicode.IsSpace(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp)
}

type wordReader struct {
	word
	value strings.Builder
	bare  strings.Builder // what of it stands outside of quotes
	glob  int             // where the first pattern is in it, -1 for none
	last  int             // where the last part that is not known is in it
	one   bool            // such parts are in quotes, so that the word stays one
}

func (r *wordReader) part(p syntax.WordPart) {
	switch p := p.(type) {
	case *syntax.Lit:
		r.unquoted(p.Value)
	case *syntax.SglQuoted:
		r.value.WriteString(p.Value)
		if p.Dollar {
			r.plain = false
			r.known = r.known && !strings.Contains(p.Value, `\`)
		}
	case *syntax.DblQuoted:
		r.plain = r.plain && !p.Dollar
		for _, q := range p.Parts {
			if lit, ok := q.(*syntax.Lit); ok {
				r.quoted(lit.Value)
			} else {
				r.unknown(isOne(q))
			}
		}
	default:
		r.unknown(false)
	}
}

func (r *wordReader) unknown(one bool) {
	r.known, r.plain, r.one, r.last = false, false, r.one && one, r.value.Len()
}

// isOne says that a part in quotes makes no further words.
func isOne(p syntax.WordPart) bool {
	x, ok := p.(*syntax.ParamExp)
	if !ok {
		_, ok = p.(*syntax.CmdSubst)
		return ok
	}
	return x.Index == nil && x.Param != nil && x.Param.Value != "@" && x.Exp == nil && !x.Excl
}

func (r *wordReader) unquoted(s string) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\':
			r.plain = false
			if i++; i < len(s) && s[i] != '\n' {
				r.value.WriteByte(s[i])
			}
			continue
		case '$': // one that begins nothing, which the original's parser does not take
			r.plain = false
		case '*', '?', '[':
			if r.glob < 0 {
				r.glob = r.value.Len()
			}
		}
		r.bare.WriteByte(s[i])
		r.value.WriteByte(s[i])
	}
}

func (r *wordReader) quoted(s string) {
	for i := 0; i < len(s); i++ {
		if s[i] == '$' {
			r.plain = false
		}
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\\n", s[i+1]) >= 0 {
			if i++; s[i] == '\n' {
				continue
			}
		} else if s[i] == '\\' && i+1 == len(s) {
			r.plain = false
		}
		r.value.WriteByte(s[i])
	}
}
