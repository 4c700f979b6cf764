// Package completion makes completion scripts for bash, zsh, fish, elvish and PowerShell from a list of
// options and subcommands. The scripts hold everything; only for sessions and profiles the
// program is called at Tab.
//
// Ground layer: it imports cli/options only.
package completion

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"codex/pkg/cli/options"
)

// ErrShell is returned for a shell that no script can be made for.
var ErrShell = errors.New("unknown shell")

// Shells lists the shells, the default first.
func Shells() []string { return []string{"bash", "zsh", "fish", "elvish", "powershell"} }

// Script gives the completion script of program for shell.
func Script(shell, program string, set options.Set) (string, error) {
	nodes := tree(set)
	switch shell {
	case "bash":
		return bash(program, nodes), nil
	case "zsh":
		return zsh(program, nodes), nil
	case "fish":
		return fish(program, nodes), nil
	case "elvish":
		return elvish(program, nodes), nil
	case "powershell":
		return powershell(program, nodes), nil
	}
	return "", ErrShell
}

// node is one subcommand: what may follow it.
type node struct {
	path     string
	aliases  []string // other full paths of the same node
	argument string   // see options.Command
	commands []options.Command
	options  []options.Option
}

// words are the subcommands and options that may follow, and the argument's fixed words.
func (n *node) words() []string {
	var words []string
	for _, c := range n.commands {
		words = append(append(words, c.Path), c.Aliases...)
	}
	for _, o := range n.options {
		words = append(words, o.Names()...)
	}
	if n.argument != strings.ToUpper(n.argument) { // else it is a name, not a word
		words = append(words, strings.Fields(n.argument)...)
	}
	return words
}

// lister gives the command that lists, at Tab and one a line with a tab before what they
// are, the words for an argument or value with this name; "" when nothing does.
func lister(program, name string) string {
	list := program + " exec --list-words "
	switch {
	case name == "SESSION":
		return list + "sessions"
	case strings.HasSuffix(name, "PROFILE_V2"):
		return list + "profiles-v2"
	case strings.HasSuffix(name, "PROFILE"):
		return list + "profiles"
	}
	return ""
}

// tree gives the nodes in the order of their paths, the root first.
func tree(set options.Set) []*node {
	byPath := map[string]*node{}
	get := func(path string) *node {
		n := byPath[path]
		if n == nil {
			n = &node{path: path}
			byPath[path] = n
		}
		return n
	}
	get("")
	for _, c := range set.Commands {
		parent, last := cut(c.Path)
		get(parent).commands = append(get(parent).commands, options.Command{Path: last, Aliases: c.Aliases, Help: c.Help})
		for _, a := range c.Aliases {
			get(c.Path).aliases = append(get(c.Path).aliases, strings.TrimSpace(parent+" "+a))
		}
		get(c.Path).argument = c.Argument
	}
	for _, o := range set.Options {
		if !o.Hidden {
			n := get(o.Command)
			n.options = append(n.options, o)
		}
	}
	return slices.SortedFunc(maps.Values(byPath), func(a, b *node) int { return strings.Compare(a.path, b.path) })
}

// cut splits a path into its parent and its last word.
func cut(path string) (parent, last string) {
	if i := strings.LastIndexByte(path, ' '); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// isPath says whether the value of an option names a file or a folder.
func isPath(o options.Option) (file, dir bool) {
	v := strings.ToUpper(o.Value)
	return strings.Contains(v, "FILE") || strings.Contains(v, "PATH"), strings.Contains(v, "DIR")
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
