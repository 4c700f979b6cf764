// Package seatbelt turns a policy into the sandbox that macOS calls Seatbelt:
// the text of a profile in its language (SBPL), which sandbox-exec(1) applies
// to one command, and the reading of what the kernel logs about it.
//
// Everything but monitor_darwin.go is text and pure functions, so that it is
// tested on every system. It imports package policy and nothing else of the
// suite.
//
// Profiles say "deny default" and then only allow: what is taken out of an
// allowed path is part of the condition that allows it. So nothing hangs on
// the order of rules, which Apple documents nowhere. The exceptions are two
// operations that the default does not cover, and directories that must not
// be moved; in each of them every known reading gives the same answer.
package seatbelt

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"codex/pkg/policy"
)

// Program is the only sandbox-exec that is used: one found in PATH could be
// anybody's.
const Program = "/usr/bin/sandbox-exec"

// Variable and Value tell a command that it runs under Seatbelt.
const (
	Variable = "CODEX_SANDBOX"
	Value    = "seatbelt"
)

// Options are what a profile depends on beside the policy.
type Options struct {
	// Real gives the one true spelling of a path: links followed, letters in
	// the case of the disk. The kernel compares no other. Nil follows only the
	// links that every Mac has at its root.
	Real func(path string) string

	Terminals   []string // terminals that are the command's own, "/dev/ttys003"
	UnixSockets []string // sockets, or directories of them, to connect to and to bind
	Matches     []string // what Scan found: the way to it must not be moved

	// With Policy.Proxy:
	ProxyPorts []int // of the loopback interface; none is no network at all
}

// Param is a value that the text of a profile names by key. Values are never
// part of the text.
type Param struct{ Key, Value string }

// Profile is what sandbox-exec is told.
type Profile struct {
	Text   string
	Params []Param
}

// Args are the words after sandbox-exec's name: the profile and then command.
func (p Profile) Args(command ...string) []string {
	out := make([]string, 0, 3+len(p.Params)+len(command))
	out = append(out, "-p", p.Text)
	for _, v := range p.Params {
		out = append(out, "-D"+v.Key+"="+v.Value)
	}
	return append(append(out, "--"), command...)
}

// Generate makes the profile that holds a command to pol.
func Generate(pol policy.Policy, o Options) Profile {
	b := &builder{real: o.Real, seen: map[string]string{}}
	if b.real == nil {
		b.real = func(path string) string { return path }
	}
	b.line("(version 1)")
	b.line("(deny default)")
	b.base()
	b.terminals(o.Terminals)
	b.files(pol, o.Matches)
	b.network(pol, o)
	return Profile{b.text.String(), b.params}
}

// Check says why there is no Seatbelt here, or nil. Program is what it looks
// at but in tests.
func Check(program string) error {
	st, err := os.Stat(program)
	switch {
	case err != nil:
		return fmt.Errorf("Seatbelt needs %s, which is missing: %w", program, err)
	case !st.Mode().IsRegular() || st.Mode()&0o111 == 0:
		return fmt.Errorf("Seatbelt needs %s, which is not a program", program)
	}
	return nil
}

// Explain lists what of pol Seatbelt does not enforce.
func Explain(pol policy.Policy) []string {
	if !pol.Restricted() {
		return nil
	}
	out := []string{"a process that makes a session of its own may outlive the command, under the same rules"}
	if len(pol.DeniedGlobs) > 0 {
		out = append(out, "a file that comes to be where a pattern hides it, while the command runs, can be moved from there with its directory")
	}
	if pol.Proxy != nil {
		out = append(out, "the proxy's ports are open to whatever listens there")
	}
	return out
}

// builder writes a profile.
type builder struct {
	real   func(string) string
	text   strings.Builder
	params []Param
	seen   map[string]string // path to key
}

func (b *builder) line(s string) { b.text.WriteString(s + "\n") }

// rule writes one allow or deny rule with the filters, which are alternatives.
func (b *builder) rule(verb, operations string, filters ...string) {
	b.text.WriteString("(" + verb + " " + operations)
	for _, f := range filters {
		b.text.WriteString("\n  " + f)
	}
	b.text.WriteString(")\n")
}

func (b *builder) allow(operations string, filters ...string) {
	b.rule("allow", operations, filters...)
}

// param passes value under key and gives the expression for it. A value that
// was passed before keeps its first key.
func (b *builder) param(key, value string) string {
	first, ok := b.seen[value]
	if !ok {
		first = key
		b.seen[value] = key
		b.params = append(b.params, Param{key, value})
	}
	return `(param "` + first + `")`
}

// numbered is the nth key of a kind.
func numbered(kind string, n int) string { return kind + "_" + strconv.Itoa(n) }

func subpath(param string) string { return "(subpath " + param + ")" }
func literal(param string) string { return "(literal " + param + ")" }
func except(filter string) string { return "(require-not " + filter + ")" }
func regex(expr string) string    { return `(regex #"` + expr + `")` }

// all joins filters that must all hold.
func all(filters []string) string {
	if len(filters) == 1 {
		return filters[0]
	}
	return "(require-all " + strings.Join(filters, " ") + ")"
}

// quoted writes filters of one kind over constant names.
func quoted(kind string, names ...string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "(" + kind + ` "` + n + `")`
	}
	return out
}
