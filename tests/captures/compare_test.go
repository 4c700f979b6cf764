//go:build unix

package captures

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"regexp"
	"sort"
	"strings"
	"sync"
	"testing"
)

// diff is one place where ours did something else.
type diff struct {
	at         string
	peer, ours any // nil: not there
}

func (d diff) String() string {
	show := func(v any) string {
		if v == nil {
			return "nothing"
		}
		return string(encode(v))
	}
	return fmt.Sprintf("%s\n      peer: %s\n      ours: %s", d.at, show(d.peer), show(d.ours))
}

// compare lists where ours differs from what the original did.
func compare(at string, peer, ours any) []diff {
	switch p := peer.(type) {
	case map[string]any:
		o, ok := ours.(map[string]any)
		if !ok {
			break
		}
		var out []diff
		for _, k := range union(p, o) {
			pv, inP := p[k]
			ov, inO := o[k]
			sub := strings.TrimPrefix(at+"."+k, ".")
			switch {
			case !inO && isMap(pv):
				out = append(out, compare(sub, pv, map[string]any{})...)
			case !inP && isMap(ov):
				out = append(out, compare(sub, map[string]any{}, ov)...)
			case !inO:
				out = append(out, diff{sub, orNull(pv), nil})
			case !inP:
				out = append(out, diff{sub, nil, orNull(ov)})
			default:
				out = append(out, compare(sub, pv, ov)...)
			}
		}
		return out
	case []any:
		if o, ok := ours.([]any); ok {
			return compareLists(at, p, o)
		}
	}
	if alike(peer, ours) {
		return nil
	}
	return []diff{{at, orNull(peer), orNull(ours)}}
}

func isMap(v any) bool {
	m, ok := v.(map[string]any)
	return ok && len(m) > 0
}

func orNull(v any) any {
	if v == nil {
		return json.RawMessage("null")
	}
	return v
}

func union(a, b map[string]any) []string {
	var keys []string
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	return keys
}

// alike is equality, but for what an older capture left out of long texts.
func alike(peer, ours any) bool {
	p, ok := peer.(string)
	if !ok {
		return string(encode(peer)) == string(encode(ours))
	}
	o, ok := ours.(string)
	if !ok {
		return false
	}
	if p == o || strings.HasPrefix(p, "<prose") && strings.HasSuffix(p, ">") {
		return true
	}
	if i := strings.LastIndex(p, "...<"); i > 0 && (strings.HasSuffix(p, " chars>")) {
		return strings.HasPrefix(o, p[:i])
	}
	return false
}

// compareLists aligns two lists by their longest common part; what is left over is
// compared in order.
func compareLists(at string, p, o []any) []diff {
	n, m := len(p), len(o)
	same := func(i, j int) bool { return len(compare("", p[i], o[j])) == 0 }
	long := make([][]int, n+1)
	for i := range long {
		long[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if same(i, j) {
				long[i][j] = long[i+1][j+1] + 1
			} else {
				long[i][j] = max(long[i+1][j], long[i][j+1])
			}
		}
	}
	var out []diff
	var left, right []int
	flush := func() {
		for k := 0; k < max(len(left), len(right)); k++ {
			switch {
			case k >= len(left):
				out = append(out, diff{fmt.Sprintf("%s[+]", at), nil, orNull(o[right[k]])})
			case k >= len(right):
				out = append(out, diff{fmt.Sprintf("%s[%d]", at, left[k]), orNull(p[left[k]]), nil})
			default:
				out = append(out, compare(fmt.Sprintf("%s[%d]", at, left[k]), p[left[k]], o[right[k]])...)
			}
		}
		left, right = nil, nil
	}
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && same(i, j):
			flush()
			i, j = i+1, j+1
		case j >= m || i < n && long[i+1][j] >= long[i][j+1]:
			left = append(left, i)
			i++
		default:
			right = append(right, j)
			j++
		}
	}
	flush()
	return out
}

// difference is one thing that ours does otherwise on purpose.
type difference struct {
	// Case and At are patterns (* is anything): of names of cases, and of places in an
	// answer such as runs[0].stdout[3].item.text. An empty At leaves the case out.
	Case string `json:"case"`
	At   string `json:"at,omitempty"`
	// Peer and Ours are what must be at the place, if given; null for nothing.
	Peer json.RawMessage `json:"peer,omitempty"`
	Ours json.RawMessage `json:"ours,omitempty"`
	Why  string          `json:"why"`
	// Chance says that the place differs only sometimes, because the original's races do.
	Chance bool `json:"chance,omitempty"`

	at   *regexp.Regexp
	used bool
}

// differences are the file, and which of its entries were needed.
type differences struct {
	mu  sync.Mutex
	all []*difference
}

func loadDifferences(t *testing.T) *differences {
	b, err := os.ReadFile("testdata/differences.json")
	check(t, err)
	ds := &differences{}
	if err := json.Unmarshal(b, &ds.all); err != nil {
		t.Fatalf("differences.json: %v", err)
	}
	for _, d := range ds.all {
		if d.Why == "" {
			t.Errorf("difference %s %s has no reason", d.Case, d.At)
		}
		d.at = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(d.At), `\*`, ".*") + "$")
	}
	return ds
}

func (d *difference) concerns(name string) bool {
	ok, err := path.Match(d.Case, name)
	return ok && err == nil
}

// leaves says why a case is left out, if it is.
func (ds *differences) leaves(name string) string {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	for _, d := range ds.all {
		if d.At == "" && d.concerns(name) {
			d.used = true
			return d.Why
		}
	}
	return ""
}

// without takes out what is on purpose.
func (ds *differences) without(name string, found []diff) []diff {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	var out []diff
next:
	for _, f := range found {
		for _, d := range ds.all {
			if d.At != "" && d.concerns(name) && d.at.MatchString(f.at) && fits(d.Peer, f.peer) && fits(d.Ours, f.ours) {
				d.used = true
				continue next
			}
		}
		out = append(out, f)
	}
	return out
}

func fits(pattern json.RawMessage, v any) bool {
	if pattern == nil {
		return true
	}
	if string(pattern) == "null" {
		return v == nil
	}
	return v != nil && string(encode(plain(pattern))) == string(encode(plain(v)))
}

// unused lists entries that no case needed any more.
func (ds *differences) unused() []string {
	var out []string
	for _, d := range ds.all {
		if !d.used && !d.Chance {
			out = append(out, fmt.Sprintf("%s %s: %s", d.Case, d.At, d.Why))
		}
	}
	return out
}
