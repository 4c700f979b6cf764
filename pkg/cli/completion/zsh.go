package completion

import (
	"fmt"
	"strings"

	"codex/pkg/cli/options"
)

// zsh makes a function a subcommand, each a call of _arguments, and one that describes what
// a command lists.
func zsh(program string, nodes []*node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#compdef %s\n# zsh completion for %s\n", program, program)
	fmt.Fprintf(&b, "\n%s() {\n%s}\n", zshName(program, "listed"), `	local -a list
	list=(${(f)"$("$@" 2>/dev/null)"})
	list=("${list[@]/$'\t'/:}")
	_describe -V word list
`)
	for _, n := range nodes {
		fmt.Fprintf(&b, "\n%s() {\n", zshName(program, n.path))
		if len(n.commands) > 0 {
			b.WriteString("\tlocal -a commands\n\tlocal context state state_descr line\n\ttypeset -A opt_args\n\tcommands=(\n")
			for _, c := range n.commands {
				for _, name := range append([]string{c.Path}, c.Aliases...) {
					fmt.Fprintf(&b, "\t\t%s\n", quote(name+":"+c.Help))
				}
			}
			b.WriteString("\t)\n")
		}
		b.WriteString("\t_arguments -s")
		if len(n.commands) > 0 {
			b.WriteString(" -C")
		}
		for _, o := range n.options {
			for _, name := range o.Names() {
				fmt.Fprintf(&b, " \\\n\t\t%s", quote("*"+zshOption(name, o)+zshHelp(program, o)))
			}
		}
		if len(n.commands) == 0 {
			if n.argument != "" {
				fmt.Fprintf(&b, " \\\n\t\t%s", quote("1:word:"+zshWords(program, n.argument)))
			}
			b.WriteString(" \\\n\t\t'*:file:_files'\n}\n")
			continue
		}
		b.WriteString(" \\\n\t\t'1: :->command' '*:: :->rest'\n\tcase $state in\n" +
			"\tcommand) _describe command commands ;;\n\trest)\n\t\tcase $words[1] in\n")
		for _, c := range n.commands {
			path := strings.TrimSpace(n.path + " " + c.Path)
			for _, m := range nodes {
				if m.path == path {
					fmt.Fprintf(&b, "\t\t%s) %s ;;\n", strings.Join(append([]string{c.Path}, c.Aliases...), "|"), zshName(program, path))
				}
			}
		}
		b.WriteString("\t\t*) _files ;;\n\t\tesac ;;\n\tesac\n}\n")
	}
	fmt.Fprintf(&b, "\nif [ \"$funcstack[1]\" = _%s ]; then\n\t%s \"$@\"\nelse\n\tcompdef %s %s\nfi\n",
		program, zshName(program, ""), zshName(program, ""), program)
	return b.String()
}

func zshName(program, path string) string {
	name := "_" + strings.ReplaceAll(program, "-", "_")
	if path != "" {
		name += "__" + strings.NewReplacer(" ", "__", "-", "_").Replace(path)
	}
	return name
}

// zshOption is how _arguments wants an option spelled: its value may come with it.
func zshOption(name string, o options.Option) string {
	switch {
	case o.Value == "":
		return name
	case strings.HasPrefix(name, "--"):
		return name + "="
	}
	return name + "+"
}

// zshWords is the action that offers the words for an argument with this name.
func zshWords(program, argument string) string {
	if list := lister(program, argument); list != "" {
		return " " + zshName(program, "listed") + " " + list // the blank: it is called as it stands
	}
	return "(" + argument + ")"
}

func zshHelp(program string, o options.Option) string {
	escape := strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`)
	s := "[" + escape.Replace(o.Help) + "]"
	if o.Value == "" {
		return s
	}
	action := ""
	file, dir := isPath(o)
	switch {
	case len(o.Choices) > 0:
		action = "(" + strings.Join(o.Choices, " ") + ")"
	case lister(program, o.Value) != "":
		action = zshWords(program, o.Value)
	case dir:
		action = "_files -/"
	case file:
		action = "_files"
	}
	return s + ":" + escape.Replace(o.Value) + ":" + action
}
