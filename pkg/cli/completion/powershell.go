package completion

import (
	"fmt"
	"strings"
)

// powershell makes one completer, for Windows PowerShell and PowerShell alike: it walks the words
// to find the subcommand, then offers what may follow it, with the help as a hint.
func powershell(program string, nodes []*node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# PowerShell completion for %s\nRegister-ArgumentCompleter -Native -CommandName %s -ScriptBlock {\n", program, psQuote(program))
	b.WriteString("\tparam($word, $ast, $cursor)\n\t$places = @{\n")
	for _, n := range nodes {
		for _, p := range append([]string{n.path}, n.aliases...) {
			if p != "" {
				fmt.Fprintf(&b, "\t\t%s = %s\n", psQuote(p), psQuote(n.path))
			}
		}
	}
	b.WriteString("\t}\n\t$values = @{\n")
	for _, n := range nodes {
		for _, o := range n.options {
			if o.Value == "" {
				continue
			}
			does := "$null" // what the shell offers by itself: files
			switch list := lister(program, o.Value); {
			case len(o.Choices) > 0:
				does = "@(" + psWords(o.Choices) + ")"
			case list != "":
				does = psList(list)
			}
			for _, name := range o.Names() {
				fmt.Fprintf(&b, "\t\t%s = { %s }\n", psQuote(n.path+":"+name), does)
			}
		}
	}
	b.WriteString("\t}\n\t$at = ''\n\t$before = ''\n\tforeach ($e in $ast.CommandElements | Select-Object -Skip 1) {\n" +
		"\t\tif ($e.Extent.EndOffset -ge $cursor) { break }\n\t\t$before = $e.ToString()\n" +
		"\t\t$next = \"$at $before\".Trim()\n\t\tif ($places.ContainsKey($next)) { $at = $places[$next] }\n\t}\n" +
		"\tif ($values.ContainsKey(\"${at}:$before\")) {\n\t\t$offers = & $values[\"${at}:$before\"]\n\t} else {\n\t\t$offers = switch ($at) {\n")
	for _, n := range nodes {
		fmt.Fprintf(&b, "\t\t\t%s { %s", psQuote(n.path), "@("+psWords(n.words())+")")
		if list := lister(program, n.argument); list != "" {
			fmt.Fprintf(&b, "; %s", psList(list))
		}
		b.WriteString(" }\n")
	}
	b.WriteString("\t\t}\n\t}\n\t$offers | Where-Object { $_ -like \"$word*\" } | ForEach-Object {\n" +
		"\t\t[System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)\n\t}\n}\n")
	return b.String()
}

// psList runs the command that lists words: the first column of each line.
func psList(list string) string {
	return "try { " + list + " 2>$null | ForEach-Object { ($_ -split \"`t\")[0] } } catch { }"
}

func psWords(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = psQuote(w)
	}
	return strings.Join(out, ", ")
}

func psQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
