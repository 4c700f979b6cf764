package cli

import (
	"strings"

	"github.com/alecthomas/kong"

	"codex/pkg/cli/options"
)

// Model gives a kong model as plain data: the options of the program and of each of its
// subcommands, and the subcommands themselves. Aliases of a flag are hidden options.
func Model(app *kong.Application) options.Set {
	var set options.Set
	walk(&set, app.Node, "")
	return set
}

func walk(set *options.Set, node *kong.Node, path string) {
	for _, f := range node.Flags {
		set.Options = append(set.Options, flagOptions(f, path)...)
	}
	for _, child := range node.Children {
		if child.Hidden {
			continue
		}
		sub := child.Name
		if path != "" {
			sub = path + " " + child.Name
		}
		if child.Type == kong.CommandNode {
			set.Commands = append(set.Commands, options.Command{Path: sub, Aliases: child.Aliases, Argument: argument(child), Help: child.Help})
			walk(set, child, sub)
		} else {
			walk(set, child, path) // an argument with commands below it adds no word
		}
	}
}

// argument is what the first argument of a command is called.
func argument(n *kong.Node) string {
	if len(n.Positional) == 0 {
		return ""
	}
	return strings.ToUpper(n.Positional[0].Name)
}

func flagOptions(f *kong.Flag, path string) []options.Option {
	o := options.Option{Command: path, Long: "--" + f.Name, Help: f.Help, Hidden: f.Hidden}
	if f.Short != 0 {
		o.Short = "-" + string(f.Short)
	}
	if !f.IsBool() && !f.IsCounter() {
		o.Value = f.FormatPlaceHolder()
		for _, choice := range f.EnumSlice() {
			if choice != "" { // the empty one only allows leaving the option out
				o.Choices = append(o.Choices, choice)
			}
		}
	}
	out := []options.Option{o}
	for _, alias := range f.Aliases {
		a := o
		a.Short, a.Long, a.Hidden = "", "--"+alias, true
		out = append(out, a)
	}
	return out
}
