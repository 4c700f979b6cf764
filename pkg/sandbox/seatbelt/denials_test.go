package seatbelt

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestParseDenial(t *testing.T) {
	for _, tt := range []struct {
		line string
		want Denial
	}{
		{`{"traceID":1,"eventMessage":"Sandbox: touch(1234) deny(1) file-write-create \/private\/tmp\/x","processID":0}`, Denial{1234, "touch", "file-write-create /private/tmp/x"}},
		{`{"eventMessage":"Sandbox:bash(7) deny(1) mach-lookup com.apple.x"}`, Denial{7, "bash", "mach-lookup com.apple.x"}},
		{`{"eventMessage":"Sandbox: Code Helper (Re(99) deny(1) sysctl-read kern.x"}`, Denial{99, "Code Helper (Re", "sysctl-read kern.x"}},
		{`{"eventMessage":"Sandbox: a(b)(3) deny(2) x"}`, Denial{3, "a(b)", "x"}},
		{`{"eventMessage":"Sandbox: a(3) deny(1) file-read-data \/w\/\u001b[31m"}`, Denial{3, "a", "file-read-data /w/?[31m"}},
		{`{"eventMessage":"Sandbox: a(3) deny(1) one\ntwo"}`, Denial{3, "a", "one"}},
		{`{"eventMessage":"Sandbox: a(3) allow(1) x"}`, Denial{}},
		{`{"eventMessage":"Sandbox: a(3) deny(1) "}`, Denial{}},
		{`{"eventMessage":"Sandbox: (3) deny(1) x"}`, Denial{}},
		{`{"eventMessage":"Sandbox: a(99999999999) deny(1) x"}`, Denial{}},
		{`{"eventMessage":"1 duplicate report for Sandbox: a(3) deny(1) x"}`, Denial{}},
		{`{"eventMessage":7}`, Denial{}},
		{`Filtering the log data using "x"`, Denial{}},
		{``, Denial{}},
	} {
		got, ok := ParseDenial([]byte(tt.line))
		if got != tt.want || ok != (tt.want != Denial{}) {
			t.Errorf("%s: %+v %v", tt.line, got, ok)
		}
	}
}

// FuzzParseDenial compares with the expression that the original uses.
func FuzzParseDenial(f *testing.F) {
	for _, s := range []string{"Sandbox: touch(1234) deny(1) file-write-create /x", "Sandbox: a(b)(3) deny(2) x", "Sandbox:(1)(2) deny() y", "Sandbox: a(1) b(2)  deny(a(b) c) d"} {
		f.Add(s)
	}
	re := regexp.MustCompile(`^Sandbox:\s*(.+?)\((\d+)\)\s+deny\(.*?\)\s*(.+)$`)
	f.Fuzz(func(t *testing.T, msg string) {
		line, err := json.Marshal(map[string]string{"eventMessage": msg})
		if err != nil {
			return
		}
		got, ok := ParseDenial(line)
		if ok && (strings.ContainsAny(got.Process+got.Capability, "\n\x1b") || got.Pid < 0) {
			t.Errorf("%q: %+v", msg, got)
		}
		if strings.ContainsFunc(msg, func(r rune) bool { return r < ' ' || r > '~' }) {
			return
		}
		m := re.FindStringSubmatch(msg)
		if m != nil && (strings.TrimSpace(m[1]) == "" || strings.TrimSpace(m[3]) == "") {
			return // it goes back to blanks for want of a name
		}
		if m == nil {
			if ok {
				t.Errorf("%q: %+v, the expression finds nothing", msg, got)
			}
			return
		}
		pid, err := strconv.ParseUint(m[2], 10, 31)
		if err != nil {
			return
		}
		if want := (Denial{int(pid), m[1], m[3]}); got != want {
			t.Errorf("%q: %+v, want %+v", msg, got, want)
		}
	})
}

func TestReadDenials(t *testing.T) {
	good := `{"eventMessage":"Sandbox: a(3) deny(1) x"}` + "\n"
	for name, tt := range map[string]struct {
		log  string
		want int
	}{
		"empty": {"", 0}, "two": {good + "\n\n" + good, 2}, "a long line": {good + strings.Repeat("y", 3*maxLogLine) + good + good, 2},
		"cut short": {good + `{"eventMessage":"Sandbox: a(3) deny(1) x"}`, 1},
	} {
		n := 0
		if err := ReadDenials(strings.NewReader(tt.log), func(Denial) { n++ }); err != nil || n != tt.want {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

func TestReport(t *testing.T) {
	var none, some Denials
	family := NewFamily(5)
	family.Add([]Process{{6, 5, 5}})
	for _, d := range []Denial{{6, "cat", "file-read-data /s"}, {5, "sh", "x"}, {5, "sh", "x"}, {6, "sh", "x"}, {99, "other", "y"}} {
		some.Add(d)
	}
	var b bytes.Buffer
	if none.Report(&b, family); b.String() != "\n=== Sandbox denials ===\nNone found.\n" {
		t.Errorf("%q", b.String())
	}
	b.Reset()
	if some.Report(&b, family); b.String() != "\n=== Sandbox denials ===\n(cat) file-read-data /s\n(sh) x\n" {
		t.Errorf("%q", b.String())
	}
	for i := range 2 * maxDenials {
		some.Add(Denial{i, "p", "q"})
	}
	if len(some.list) != maxDenials {
		t.Errorf("%d are kept", len(some.list))
	}
}

func TestFamily(t *testing.T) {
	f := NewFamily(10)
	got := f.Add([]Process{
		{30, 20, 30}, {20, 10, 10}, // a child's child first, in a group of its own
		{40, 1, 10}, // an orphan of the group
		{50, 1, 30}, // one of the child's group
		{60, 1, 60}, {70, 60, 60},
	})
	slices.Sort(got)
	if want := []int{20, 30, 40, 50}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if f.Has(60) || !f.Has(10) || !f.Has(50) {
		t.Error("members")
	}
	if got := f.Add([]Process{{20, 10, 10}, {80, 50, 30}}); !slices.Equal(got, []int{80}) {
		t.Errorf("later: %v", got)
	}
}
