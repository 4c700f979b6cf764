package completion

import (
	"fmt"
	"strings"
)

// fish makes one line an option or subcommand, each with the condition under which it is
// offered: the subcommand words seen so far.
func fish(program string, nodes []*node) string {
	var b strings.Builder
	fn := "__" + strings.ReplaceAll(program, "-", "_") + "_at"
	fmt.Fprintf(&b, "# fish completion for %s\nfunction %s\n\tset -l at\n\tfor word in (commandline -opc)[2..-1]\n"+
		"\t\tswitch (string trim -- \"$at $word\")\n", program, fn)
	for _, n := range nodes {
		if n.path == "" {
			continue
		}
		var names []string
		for _, p := range append([]string{n.path}, n.aliases...) {
			names = append(names, fishQuote(p))
		}
		fmt.Fprintf(&b, "\t\t\tcase %s\n\t\t\t\tset at %s\n", strings.Join(names, " "), fishQuote(n.path))
	}
	b.WriteString("\t\tend\n\tend\n\ttest \"$at\" = \"$argv\"\nend\n")
	for _, n := range nodes {
		when := fishQuote(strings.TrimSpace(fn + " " + n.path))
		for _, c := range n.commands {
			for _, name := range append([]string{c.Path}, c.Aliases...) {
				fmt.Fprintf(&b, "complete -c %s -n %s -f -a %s -d %s\n", program, when, name, fishQuote(c.Help))
			}
		}
		if list := lister(program, n.argument); list != "" {
			fmt.Fprintf(&b, "complete -c %s -n %s -f -k -a '(%s 2>/dev/null)'\n", program, when, list)
		} else if n.argument != "" {
			fmt.Fprintf(&b, "complete -c %s -n %s -f -a %s\n", program, when, fishQuote(n.argument))
		}
		for _, o := range n.options {
			fmt.Fprintf(&b, "complete -c %s -n %s", program, when)
			if o.Short != "" {
				b.WriteString(" -s " + o.Short[1:])
			}
			if o.Long != "" {
				b.WriteString(" -l " + o.Long[2:])
			}
			file, dir := isPath(o)
			list := lister(program, o.Value)
			switch {
			case len(o.Choices) > 0:
				b.WriteString(" -x -a " + fishQuote(strings.Join(o.Choices, " ")))
			case list != "":
				b.WriteString(" -x -a '(" + list + " 2>/dev/null)'")
			case dir:
				b.WriteString(" -x -a '(__fish_complete_directories)'")
			case file:
				b.WriteString(" -r -F")
			case o.Value != "":
				b.WriteString(" -x")
			}
			fmt.Fprintf(&b, " -d %s\n", fishQuote(o.Help))
		}
	}
	return b.String()
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}
