//go:build linux

package linux

import (
	"reflect"
	"testing"

	"codex/pkg/policy"
)

func somePlan() *plan {
	return &plan{mode: modeLandlock, flags: flagNetwork | flagOnlyListed, dir: "/w", prog: "sh", argv: []string{"-sh", ""}, env: []string{"A=b\x00c"},
		roots:  []root{{path: "/w", id: policy.FileID{Dev: 1 << 40, Ino: 7}, readOnly: []string{"/w/.git"}}, {path: "/t", readOnly: []string{}}},
		denied: []string{"/s"}, hidden: []string{"/t/x", "/t/y"}, readable: []string{"/usr"}, links: []policy.Link{{Path: "/bin", Target: "/usr/bin"}},
		ports: [2]uint16{1, 65535}}
}

func TestPlanRoundTrip(t *testing.T) {
	p := somePlan()
	b := p.encode()
	got, err := decodePlan(b[4:])
	if err != nil || !reflect.DeepEqual(got, p) {
		t.Errorf("%+v, %v", got, err)
	}
	for n := range len(b) - 4 {
		if _, err := decodePlan(b[4 : 4+n]); err == nil {
			t.Errorf("%d of %d bytes were accepted", n, len(b)-4)
		}
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(somePlan().encode()[4:])
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePlan(b)
		if err != nil {
			return
		}
		if again, err := decodePlan(p.encode()[4:]); err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%+v became %+v, %v", p, again, err)
		}
	})
}
