package completion

import (
	"fmt"
	"strings"
)

// elvish makes one function, which elvish calls with the words so far, the unfinished one among
// them, and which puts out what may stand there.
func elvish(program string, nodes []*node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# elvish completion for %s\nuse str\n", program)
	b.WriteString("var offers = [\n")
	for _, n := range nodes {
		fmt.Fprintf(&b, "  &%s=[", elvishQuote(n.path))
		for _, w := range n.words() {
			b.WriteString(elvishQuote(w) + " ")
		}
		b.WriteString("]\n")
	}
	b.WriteString("]\nvar places = [&''=''\n")
	for _, n := range nodes {
		for _, p := range append([]string{n.path}, n.aliases...) {
			if p != "" {
				fmt.Fprintf(&b, "  &%s=%s\n", elvishQuote(p), elvishQuote(n.path))
			}
		}
	}
	b.WriteString("]\nvar values = [&''={|word| }\n")
	for _, n := range nodes {
		for _, o := range n.options {
			if o.Value == "" {
				continue
			}
			file, dir := isPath(o)
			does := ""
			switch list := lister(program, o.Value); {
			case len(o.Choices) > 0:
				does = "put"
				for _, c := range o.Choices {
					does += " " + elvishQuote(c)
				}
			case list != "":
				does = elvishList(list)
			case file || dir:
				does = "edit:complete-filename $word"
			}
			for _, name := range o.Names() {
				fmt.Fprintf(&b, "  &%s={|word| %s}\n", elvishQuote(n.path+":"+name), does)
			}
		}
		if list := lister(program, n.argument); list != "" {
			fmt.Fprintf(&b, "  &%s={|word| %s}\n", elvishQuote(n.path+":"), elvishList(list))
		}
	}
	fmt.Fprintf(&b, `]
set edit:completion:arg-completer[%s] = {|@words|
  var at = ''
  for w $words[1..-1] {
    var next = (str:trim-space $at' '$w)
    if (has-key $places $next) { set at = $places[$next] }
  }
  var word = $words[-1]
  var key = $at':'$words[-2]
  if (and (> (count $words) 2) (has-key $values $key)) {
    $values[$key] $word
  } else {
    all $offers[$at]
    if (has-key $values $at':') { $values[$at':'] $word }
  }
}
`, program)
	return b.String()
}

// elvishList runs the command that lists words: the first column of each line.
func elvishList(list string) string {
	return "try { " + list + " 2>/dev/null | each {|line| put [(str:split \"\\t\" $line)][0] } } catch { }"
}

func elvishQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
