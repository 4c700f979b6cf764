package catalog

import (
	"testing"
	"time"
)

// FuzzWrite: what a provider answers is refused, or is the list that is read again.
func FuzzWrite(f *testing.F) {
	f.Add([]byte(`{"models":[{"slug":"a","context_window":1000}]}`), "etag")
	f.Add([]byte(`{"models":[]}`), "")
	f.Add([]byte(`{"models":{"a":[[[[]]]]}}`), "\xff")
	f.Add([]byte(`{"data":[]}`), "")
	home, key, now := f.TempDir(), Key{Provider: "p", Account: "a"}, time.Unix(1e9, 0)
	f.Fuzz(func(t *testing.T, answer []byte, etag string) {
		if Write(home, key, answer, etag, now) != nil {
			return
		}
		c, err := Read(home)
		if err != nil || c == nil {
			t.Fatalf("%q is kept, and then: %v, %v", answer, c, err)
		}
		if !c.Of(key) || c.Of(Key{Provider: "q"}) || !c.Fresh(now) {
			t.Errorf("%q: %+v", answer, c)
		}
	})
}
