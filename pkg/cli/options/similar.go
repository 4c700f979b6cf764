package options

import "strings"

// Similar gives the name that looks most like word, "" when none does. The measure is
// Jaro's, with the bound at which the original stops to suggest; of equals it takes the last.
func Similar(word string, names []string) string {
	best, at := "", 0.7
	for _, name := range names {
		if d := jaro(strings.TrimPrefix(word, "--"), strings.TrimPrefix(name, "--")); d >= at && d > 0.7 {
			best, at = name, d
		}
	}
	return best
}

func jaro(a, b string) float64 {
	if a == "" || b == "" {
		return 0
	}
	reach := max(max(len(a), len(b))/2-1, 0)
	usedB := make([]bool, len(b))
	var fromA []byte
	for i := range len(a) {
		for j := max(0, i-reach); j < min(len(b), i+reach+1); j++ {
			if !usedB[j] && a[i] == b[j] {
				usedB[j] = true
				fromA = append(fromA, a[i])
				break
			}
		}
	}
	if len(fromA) == 0 {
		return 0
	}
	swapped, k := 0, 0
	for j, used := range usedB {
		if used {
			if b[j] != fromA[k] {
				swapped++
			}
			k++
		}
	}
	m := float64(len(fromA))
	return (m/float64(len(a)) + m/float64(len(b)) + (m-float64(swapped)/2)/m) / 3
}
