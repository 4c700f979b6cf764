package completion

import (
	"fmt"
	"strings"

	"codex/pkg/cli/options"
)

// bash makes one function: it walks the words to find the subcommand, then offers its
// options and subcommands, the choices of an option, or file names. Where the shell takes
// "=" for a word of its own, --option=value comes as three.
func bash(program string, nodes []*node) string {
	var b strings.Builder
	fn := "_" + strings.ReplaceAll(program, "-", "_")
	fmt.Fprintf(&b, "# bash completion for %s\n%s() {\n", program, fn)
	b.WriteString(`	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} glue= at= next i
	COMPREPLY=()
	case $cur in
	=) cur= ;;
	--*=*) prev=${cur%%=*} cur=${cur#*=} glue=$prev= ;;
	*) [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]} ;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		next="${at:+$at }${COMP_WORDS[i]}"
		case $next in
`)
	for _, n := range nodes {
		if n.path != "" {
			fmt.Fprintf(&b, "\t\t%s) at=%s ;;\n", alternatives(append([]string{n.path}, n.aliases...)), quote(n.path))
		}
	}
	b.WriteString("\t\tesac\n\tdone\n\tcase \"$at:$prev\" in\n")
	for _, n := range nodes {
		for _, o := range n.options {
			if o.Value == "" {
				continue
			}
			var keys []string
			for _, name := range o.Names() {
				keys = append(keys, n.path+":"+name)
			}
			fmt.Fprintf(&b, "\t%s) %s; COMPREPLY=(\"${COMPREPLY[@]/#/$glue}\"); return ;;\n", alternatives(keys), bashValue(program, o))
		}
	}
	b.WriteString("\tesac\n\tlocal words=\n\tcase $at in\n")
	for _, n := range nodes {
		asked := ""
		if list := lister(program, n.argument); list != "" {
			asked = `"$(` + list + ` 2>/dev/null | cut -f 1) "`
		}
		fmt.Fprintf(&b, "\t%s) words=%s%s ;;\n", quote(n.path), asked, quote(strings.Join(n.words(), " ")))
	}
	b.WriteString("\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n")
	fmt.Fprintf(&b, "complete -o bashdefault -o default -o nosort -F %s %s 2>/dev/null || complete -o bashdefault -o default -F %s %s\n", fn, program, fn, program)
	return b.String()
}

func bashValue(program string, o options.Option) string {
	file, dir := isPath(o)
	list := lister(program, o.Value)
	switch {
	case len(o.Choices) > 0:
		return fmt.Sprintf("COMPREPLY=($(compgen -W %s -- \"$cur\"))", quote(strings.Join(o.Choices, " ")))
	case list != "":
		return fmt.Sprintf("COMPREPLY=($(compgen -W \"$(%s 2>/dev/null | cut -f 1)\" -- \"$cur\"))", list)
	case dir:
		return `COMPREPLY=($(compgen -d -- "$cur"))`
	case file:
		return `COMPREPLY=($(compgen -f -- "$cur"))`
	}
	return ":"
}

func alternatives(words []string) string {
	var out []string
	for _, w := range words {
		out = append(out, quote(w))
	}
	return strings.Join(out, "|")
}
