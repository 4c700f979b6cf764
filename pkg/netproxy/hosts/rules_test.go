package hosts

import (
	"net/netip"
	"strings"
	"testing"
)

func rules(t testing.TB, local bool, entries ...string) *Rules {
	t.Helper()
	m := map[string]string{}
	for _, e := range entries {
		if name, ok := strings.CutPrefix(e, "!"); ok {
			m[name] = Deny
		} else {
			m[e] = Allow
		}
	}
	r, err := New(m, local)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestJudge(t *testing.T) {
	tests := []struct {
		rules string // "!x" denies x; "+" lets local addresses be
		host  string
		want  Reason
	}{
		{"", "a.com:443", NotAllowed},
		{"a.com", "a.com:443", Allowed},
		{"A.Com.", "a.com:443", Allowed},
		{"a.com", "A.COM.:443", Allowed},
		{"a.com", "b.a.com:443", NotAllowed},
		{"a.com", "xa.com:443", NotAllowed},
		{"a.com", "a.com.evil.net:443", NotAllowed},
		{"*.a.com", "b.a.com:443", Allowed},
		{"*.a.com", "c.b.a.com:443", Allowed},
		{"*.a.com", "a.com:443", NotAllowed},
		{"*.a.com", "xa.com:443", NotAllowed},
		{"**.a.com", "a.com:443", Allowed},
		{"**.a.com", "b.a.com:443", Allowed},
		{"**.a.com", "xa.com:443", NotAllowed},
		{"*", "a.com:443", Allowed},
		{"*", "8.8.8.8:53", Allowed},
		{"* !a.com", "a.com:443", Denied},
		{"* !*.a.com", "a.com:443", Allowed},
		{"* !*.a.com", "b.a.com:443", Denied},
		{"b.a.com !**.a.com", "b.a.com:443", Denied},
		{"re*.v2.a.com", "re1.v2.a.com:443", Allowed},
		{"re*.v2.a.com", "re.v2.a.com:443", Allowed},
		{"re*.v2.a.com", "re1.x.v2.a.com:443", Allowed},
		{"re*.v2.a.com", "xre1.v2.a.com:443", NotAllowed},
		{"a*b*c.d.e", "aXbYc.d.e:1", Allowed},
		{"a*b*c.d.e", "abc.d.e:1", Allowed},
		{"a*b*c.d.e", "acb.d.e:1", NotAllowed},
		{"a.com:443", "a.com:443", Allowed},
		{"a.com:443", "a.com:80", NotAllowed},
		{"**.a.com:443", "b.a.com:80", NotAllowed},
		{"* !a.com:22", "a.com:22", Denied},
		{"* !a.com:22", "a.com:443", Allowed},
		{"bücher.example", "xn--bcher-kva.example:443", Allowed},
		{"8.8.8.8", "134744072:53", Allowed},
		{"8.8.8.8", "[::ffff:8.8.8.8]:53", Allowed},
		// Local places need their own names.
		{"*", "127.0.0.1:80", NotAllowedLocal},
		{"*", "localhost:80", NotAllowedLocal},
		{"*", "x.localhost:80", NotAllowedLocal},
		{"*", "169.254.169.254:80", NotAllowedLocal},
		{"*", "[::1]:80", NotAllowedLocal},
		{"**.localhost", "localhost:80", NotAllowedLocal},
		{"", "10.0.0.1:80", NotAllowedLocal},
		{"127.0.0.1", "127.0.0.1:80", Allowed},
		{"127.0.0.1", "0x7f.1:80", Allowed},
		{"127.0.0.1", "127.0.0.2:80", NotAllowedLocal},
		{"localhost", "localhost:80", Allowed},
		{"localhost", "127.0.0.1:80", NotAllowedLocal},
		{"127.0.0.1:8080", "127.0.0.1:22", NotAllowedLocal},
		{"127.0.0.1 !127.0.0.1", "127.0.0.1:80", Allowed}, // one key, the last word of the map
		{"+", "127.0.0.1:80", NotAllowed},
		{"+ *", "127.0.0.1:80", Allowed},
		{"+ 127.0.0.1", "127.0.0.2:80", NotAllowed},
		{"+ * !127.0.0.1", "127.1:80", Denied},
	}
	for _, tt := range tests {
		words := strings.Fields(tt.rules)
		local := len(words) > 0 && words[0] == "+"
		if local {
			words = words[1:]
		}
		if tt.rules == "127.0.0.1 !127.0.0.1" {
			words = words[:1]
		}
		h, port, err := Split(tt.host, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := rules(t, local, words...).Judge(h, port); got != tt.want {
			t.Errorf("%q of %q: %q, want %q", tt.host, tt.rules, got, tt.want)
		}
	}
	if got := (*Rules)(nil).Judge(Host{name: "a"}, 1); got != NotAllowed {
		t.Errorf("no rules: %q", got)
	}
}

// TestJudgeAddr: what a name leads to is judged again.
func TestJudgeAddr(t *testing.T) {
	tests := []struct {
		rules, host, addr string
		own               bool
		want              Reason
	}{
		{"a.com", "a.com", "8.8.8.8", false, Allowed},
		{"a.com", "a.com", "127.0.0.1", false, NotAllowedLocal},
		{"a.com", "a.com", "::ffff:10.0.0.1", false, NotAllowedLocal},
		{"a.com", "a.com", "169.254.169.254", false, NotAllowedLocal},
		{"a.com", "a.com", "8.8.8.8", true, NotAllowedLocal},
		{"a.com 127.0.0.1", "a.com", "127.0.0.1", false, NotAllowedLocal},
		{"a.com !8.8.8.8", "a.com", "8.8.8.8", false, Denied},
		{"localhost", "localhost", "127.0.0.1", true, Allowed},
		{"localhost", "localhost", "::1", true, Allowed},
		{"localhost", "localhost", "10.0.0.1", false, NotAllowedLocal},
		{"127.0.0.1", "127.0.0.1", "127.0.0.1", true, Allowed},
		{"* 8.8.8.8", "8.8.8.8", "8.8.8.8", true, Allowed},
		{"*", "8.8.8.8", "8.8.8.8", true, NotAllowedLocal},
		{"*", "8.8.8.8", "8.8.8.8", false, Allowed},
	}
	for _, tt := range tests {
		h, err := Parse(tt.host)
		if err != nil {
			t.Fatal(err)
		}
		r := rules(t, false, strings.Fields(tt.rules)...)
		if got := r.JudgeAddr(h, netip.MustParseAddr(tt.addr), tt.own, 443); got != tt.want {
			t.Errorf("%s at %s of %q: %q, want %q", tt.host, tt.addr, tt.rules, got, tt.want)
		}
	}
	local, err := New(map[string]string{"a.com": Allow}, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := local.JudgeAddr(Host{name: "a.com"}, netip.MustParseAddr("10.0.0.1"), true, 1); got != Allowed {
		t.Errorf("with local binding: %q", got)
	}
}

func TestPatternErrors(t *testing.T) {
	for _, tt := range []struct{ name, word string }{
		{"*", Deny}, {"", Allow}, {"*.", Allow}, {"**.", Allow}, {"**", Allow}, {"***", Allow}, {"*.*", Allow}, {"*.com*", Allow}, {"a*", Allow},
		{"a*.com", Allow}, {"a.*.com", Allow}, {"a.com:x", Allow}, {"*.10.0.0.1", Allow}, {"10.*", Allow}, {"https://a.com", Allow}, {"a.com/x", Allow},
		{"a b", Allow}, {"a.com", "none"}, {"a.com", ""}, {"10.0.0.0/8", Allow}, {"[a]", Deny}, {"bü*.a.com", Allow}, {"?.a.com", Allow},
	} {
		if r, err := New(map[string]string{tt.name: tt.word}, false); err == nil {
			t.Errorf("%q = %q makes %+v", tt.name, tt.word, r)
		}
	}
}

func TestWith(t *testing.T) {
	old := rules(t, false, "a.com")
	h, _ := Parse("b.com")
	added, err := old.With("b.com", Allow)
	if err != nil || added.Judge(h, 1) != Allowed || old.Judge(h, 1) != NotAllowed {
		t.Errorf("%+v, %v", added, err)
	}
	if _, err := old.With("*", Deny); err == nil {
		t.Error("a broken entry was taken")
	}
}

// FuzzJudge: no spelling of a host slips past a deny entry or into a narrow
// allow list, and what is judged is what would be dialled.
func FuzzJudge(f *testing.F) {
	for _, s := range []string{"evil.com", "EVIL.com.", "a.evil.com:80", "127.1", "[::ffff:127.0.0.1]:1", "0x7f.1:22", "ｅvil.com", "good.com", "x.good.com:443", "%00", "[fe80::1%25lo]", "good.com。evil.com"} {
		f.Add(s)
	}
	open := rules(f, false, "*", "!**.evil.com")
	narrow := rules(f, false, "*.good.com", "good.com:443")
	f.Fuzz(func(t *testing.T, s string) {
		h, port, err := Split(s, 80)
		if err != nil {
			return
		}
		again, p, err := Split(h.Join(port), 0)
		if err != nil || again != h || p != port {
			t.Fatalf("%q is %q, which is %q, %v", s, h.Join(port), again.Join(p), err)
		}
		name := h.String()
		if (name == "evil.com" || strings.HasSuffix(name, ".evil.com")) && open.Judge(h, port) != Denied {
			t.Errorf("%q slips past the deny list", s)
		}
		if h.Addr().IsValid() && Local(h.Addr()) && open.Judge(h, port) == Allowed {
			t.Errorf("%q is local and allowed", s)
		}
		if narrow.Judge(h, port) == Allowed && !(strings.HasSuffix(name, ".good.com") || name == "good.com" && port == 443) {
			t.Errorf("%q is in the narrow list", s)
		}
		if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("%q became %q", s, name)
		}
	})
}

// FuzzPattern: a pattern that is taken covers only what its end says.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"*.a.com", "**.a.com", "a*.b.c", "*", "a.com:443", "[::1]:80", "*.a*.b.c"} {
		f.Add(s, "x.a.com")
	}
	f.Fuzz(func(t *testing.T, pattern, host string) {
		r, err := New(map[string]string{pattern: Allow}, false)
		if err != nil || strings.TrimSpace(pattern) == "*" {
			return
		}
		h, err := Parse(host)
		if err != nil || r.Judge(h, 443) != Allowed || h.Addr().IsValid() {
			return
		}
		labels := strings.Split(h.String(), ".")
		last := labels[len(labels)-1]
		plain, _, _ := cutPort(strings.TrimSpace(pattern))
		p, err := Parse(strings.ReplaceAll(plain[max(0, strings.LastIndex(plain, "*")+1):], "*", ""))
		if err == nil && !strings.HasSuffix(p.String(), last) {
			t.Errorf("%q covers %q", pattern, host)
		}
	})
}
