package shellenv

import (
	"maps"
	"slices"
	"strings"
)

// Keep makes a login shell's command line set the variables of Set again, after a profile that
// may have given them other values. env is what the command gets; another command line stays
// as it is.
func (p Policy) Keep(argv []string, env map[string]string) []string {
	if len(p.Set) == 0 || len(argv) != 3 || argv[1] != "-lc" {
		return argv
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(p.Set)) {
		if v, ok := env[k]; ok && shellName(k) {
			b.WriteString("export " + k + "='" + strings.ReplaceAll(v, "'", `'\''`) + "'; ")
		}
	}
	return []string{argv[0], argv[1], b.String() + argv[2]}
}

func shellName(s string) bool {
	return s != "" && (s[0] < '0' || s[0] > '9') && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	})
}
