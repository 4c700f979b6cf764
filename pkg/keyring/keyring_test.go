package keyring

import "testing"

// TestAbsent: who says that there is no bus is believed on every system, and one that is named
// is there.
func TestAbsent(t *testing.T) {
	for bus, absent := range map[string]bool{Disabled: true, "unix:path=/run/x": false} {
		err := Absent(func(name string) string { return map[string]string{Variable: bus}[name] }, 0)
		if (err != nil) != absent {
			t.Errorf("%q: %v", bus, err)
		}
		if _, ok, got := (Entry{Service: "s", Account: "a", Absent: err}).Get(t.Context()); absent && (ok || got != err) {
			t.Errorf("%q: %v %v", bus, ok, got)
		}
	}
}
