package seatbelt

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// expr is a parsed piece of SBPL: a list, or an atom with its kind.
type expr struct {
	list []expr // nil for an atom
	atom string
	str  bool // a string, else a symbol
}

func (e expr) head() string {
	if len(e.list) > 0 {
		return e.list[0].atom
	}
	return ""
}

// parseSBPL reads a profile: lists, strings with escapes, raw strings, symbols.
func parseSBPL(text string) ([]expr, error) {
	p := sbplParser{rest: text}
	var out []expr
	for {
		p.space()
		if p.rest == "" {
			return out, nil
		}
		e, err := p.expr()
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
}

type sbplParser struct{ rest string }

func (p *sbplParser) space() {
	for {
		p.rest = strings.TrimLeft(p.rest, " \n")
		if !strings.HasPrefix(p.rest, ";") {
			return
		}
		_, p.rest, _ = strings.Cut(p.rest, "\n")
	}
}

func (p *sbplParser) expr() (expr, error) {
	switch {
	case strings.HasPrefix(p.rest, "("):
		p.rest = p.rest[1:]
		e := expr{list: []expr{}}
		for {
			p.space()
			if p.rest == "" {
				return e, fmt.Errorf("list is not closed")
			}
			if p.rest[0] == ')' {
				p.rest = p.rest[1:]
				return e, nil
			}
			sub, err := p.expr()
			if err != nil {
				return e, err
			}
			e.list = append(e.list, sub)
		}
	case strings.HasPrefix(p.rest, ")"):
		return expr{}, fmt.Errorf("unexpected )")
	case strings.HasPrefix(p.rest, `#"`), strings.HasPrefix(p.rest, `"`):
		raw := p.rest[0] == '#'
		s := strings.TrimPrefix(p.rest, "#")[1:]
		text, after, ok := strings.Cut(s, `"`)
		if !ok {
			return expr{}, fmt.Errorf("string is not closed")
		}
		if !raw && strings.Contains(text, `\`) {
			return expr{}, fmt.Errorf("escape in %q", text)
		}
		p.rest = after
		return expr{atom: text, str: true}, nil
	}
	n := strings.IndexAny(p.rest, " \n()\"")
	if n < 0 {
		n = len(p.rest)
	}
	e := expr{atom: p.rest[:n]}
	p.rest = p.rest[n:]
	return e, nil
}

// The names that Apple's own profiles and public ones use.
var (
	knownOperations = []string{
		"default", "process-exec*", "process-fork", "process-info*", "signal", "nvram*",
		"file-read*", "file-read-data", "file-read-metadata", "file-write*", "file-write-data", "file-write-unlink",
		"file-write-create", "file-ioctl", "file-map-executable",
		"sysctl-read", "sysctl-write", "iokit-open", "mach-lookup", "user-preference-read", "pseudo-tty",
		"ipc-posix-sem", "ipc-posix-shm-read*", "ipc-posix-shm-read-data", "ipc-posix-shm-write-create", "ipc-posix-shm-write-unlink",
		"network-outbound", "network-inbound", "network-bind", "system-socket",
	}
	// arguments of filters: s a string expression, f filters, y a symbol or number
	knownFilters = map[string]string{
		"subpath": "s", "literal": "s", "regex": "s", "require-all": "f", "require-any": "f", "require-not": "f",
		"vnode-type": "y", "extension": "s", "target": "y", "sysctl-name": "s", "sysctl-name-prefix": "s",
		"iokit-registry-entry-class": "s", "global-name": "s", "local-name": "s", "ipc-posix-name-prefix": "s", "ipc-posix-name-regex": "s",
		"socket-domain": "y", "socket-protocol": "y", "remote": "n", "local": "n",
	}
)

// checkSBPL says what is wrong with the syntax of a profile.
func checkSBPL(p Profile) error {
	top, err := parseSBPL(p.Text)
	if err != nil {
		return err
	}
	if !utf8.ValidString(p.Text) || strings.ContainsFunc(p.Text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) {
		return fmt.Errorf("text is not printable ASCII")
	}
	if len(top) < 2 || top[0].head() != "version" || top[0].list[1].atom != "1" || top[1].head() != "deny" || top[1].list[1].atom != "default" {
		return fmt.Errorf("does not begin with the version and the default")
	}
	keys := map[string]bool{}
	for _, v := range p.Params {
		if keys[v.Key] || strings.Trim(v.Key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" {
			return fmt.Errorf("parameter %q is there twice or odd", v.Key)
		}
		keys[v.Key] = true
	}
	used := map[string]bool{}
	for _, e := range top[1:] {
		if h := e.head(); h != "allow" && h != "deny" {
			return fmt.Errorf("unknown rule %q", h)
		}
		i := 1
		for ; i < len(e.list) && e.list[i].list == nil; i++ {
			if !slices.Contains(knownOperations, e.list[i].atom) || e.list[i].str {
				return fmt.Errorf("unknown operation %q", e.list[i].atom)
			}
		}
		if i == 1 {
			return fmt.Errorf("rule without an operation")
		}
		for ; i < len(e.list); i++ {
			if err := checkFilter(e.list[i], keys, used); err != nil {
				return err
			}
		}
	}
	for k := range keys {
		if !used[k] {
			return fmt.Errorf("parameter %s is not used", k)
		}
	}
	return nil
}

func checkFilter(e expr, keys, used map[string]bool) error {
	kind, ok := knownFilters[e.head()]
	if !ok || len(e.list) < 2 {
		return fmt.Errorf("unknown filter %q", e.head())
	}
	if kind != "f" && kind != "n" && len(e.list) != 2 {
		return fmt.Errorf("filter %s has %d arguments", e.head(), len(e.list)-1)
	}
	arg := e.list[1]
	switch kind {
	case "f":
		if e.head() == "require-not" && len(e.list) != 2 {
			return fmt.Errorf("require-not takes one filter")
		}
		for _, f := range e.list[1:] {
			if err := checkFilter(f, keys, used); err != nil {
				return err
			}
		}
	case "s":
		if arg.head() == "param" && len(arg.list) == 2 && arg.list[1].str {
			if !keys[arg.list[1].atom] {
				return fmt.Errorf("parameter %s is not passed", arg.list[1].atom)
			}
			used[arg.list[1].atom] = true
			return nil
		}
		if !arg.str {
			return fmt.Errorf("filter %s wants a string", e.head())
		}
		if strings.HasSuffix(e.head(), "regex") {
			_, err := regexp.Compile(arg.atom)
			return err
		}
	case "n":
		switch {
		case arg.atom == "ip" && len(e.list) == 3 && e.list[2].str:
			if !regexp.MustCompile(`^(localhost|\*):(\*|[0-9]+)$`).MatchString(e.list[2].atom) {
				return fmt.Errorf("address %q", e.list[2].atom)
			}
		case arg.atom == "unix-socket" && len(e.list) == 3:
			if h := e.list[2].head(); h == "path-regex" {
				return nil
			}
			return checkFilter(e.list[2], keys, used)
		default:
			return fmt.Errorf("unknown end of a connection")
		}
	case "y":
		if arg.str || arg.list != nil {
			return fmt.Errorf("filter %s wants a symbol", e.head())
		}
	}
	return nil
}

// judge answers as the kernel would: the last rule that matches counts.
type judge struct {
	rules   []judgeRule
	params  map[string]string
	reverse bool // the first one counts: profiles must not mind
	regexps map[string]*regexp.Regexp
}

type judgeRule struct {
	allow bool
	ops   []string
	where []expr
}

func newJudge(p Profile) (*judge, error) {
	top, err := parseSBPL(p.Text)
	if err != nil {
		return nil, err
	}
	j := &judge{params: map[string]string{}, regexps: map[string]*regexp.Regexp{}}
	for _, v := range p.Params {
		j.params[v.Key] = v.Value
	}
	for _, e := range top[2:] {
		r := judgeRule{allow: e.head() == "allow"}
		for _, x := range e.list[1:] {
			if x.list == nil {
				r.ops = append(r.ops, x.atom)
			} else {
				r.where = append(r.where, x)
			}
		}
		j.rules = append(j.rules, r)
	}
	return j, nil
}

// allows judges one operation on a path. kind is a vnode type.
func (j *judge) allows(op, path, kind string) bool {
	out := false
	for i := range j.rules {
		r := j.rules[i]
		if j.reverse {
			r = j.rules[len(j.rules)-1-i]
		}
		if !slices.ContainsFunc(r.ops, func(o string) bool {
			base, star := strings.CutSuffix(o, "*")
			return o == op || star && strings.HasPrefix(op, base)
		}) {
			continue
		}
		if len(r.where) == 0 || slices.ContainsFunc(r.where, func(e expr) bool { return j.holds(e, path, kind) }) {
			out = r.allow
		}
	}
	return out
}

func (j *judge) text(e expr) string {
	if e.head() == "param" {
		return j.params[e.list[1].atom]
	}
	return e.atom
}

func (j *judge) holds(e expr, path, kind string) bool {
	switch e.head() {
	case "subpath":
		s := strings.TrimSuffix(j.text(e.list[1]), "/")
		return path == s || strings.HasPrefix(path, s+"/")
	case "literal":
		return path == j.text(e.list[1])
	case "regex":
		re := j.regexps[e.list[1].atom]
		if re == nil {
			re = regexp.MustCompile("(?s)" + e.list[1].atom)
			j.regexps[e.list[1].atom] = re
		}
		return re.MatchString(path)
	case "require-all":
		return !slices.ContainsFunc(e.list[1:], func(f expr) bool { return !j.holds(f, path, kind) })
	case "require-any":
		return slices.ContainsFunc(e.list[1:], func(f expr) bool { return j.holds(f, path, kind) })
	case "require-not":
		return !j.holds(e.list[1], path, kind)
	case "vnode-type":
		return e.list[1].atom == kind
	}
	return false // extensions and what is not about files
}
