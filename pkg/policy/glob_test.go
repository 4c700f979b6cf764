package policy

import (
	"path"
	"slices"
	"strings"
	"testing"
)

func TestAlternatives(t *testing.T) {
	for in, want := range map[string][]string{
		"/a/b":             {"/a/b"},
		"/a/{b,c}":         {"/a/b", "/a/c"},
		"/{a,b}/{c,d}":     {"/a/c", "/a/d", "/b/c", "/b/d"},
		"/{a,{b,c}d}":      {"/a", "/bd", "/cd"},
		"/*.{env,pem,}":    {"/*.env", "/*.pem", "/*."},
		"/a{b":             {"/a{b"},
		"/a}b{c}":          {"/a}bc"},
		"/{a,b}{a,b}{a,b}": nil, // more than four
	} {
		if got := alternatives(in, 4); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestGlobMatch(t *testing.T) {
	for pattern, names := range map[string][2][]string{ // those that match, and others
		"/w/*.env":         {{"/w/a.env", "/w/.env", "/w/a.env/below"}, {"/w", "/w/a", "/w/b/a.env", "/a.env"}},
		"/w/**/*.env":      {{"/w/a.env", "/w/b/a.env", "/w/b/c/d/a.env/x"}, {"/w", "/w/b/c", "/v/a.env"}},
		"/w/**":            {{"/w/a", "/w/a/b"}, {"/w", "/wa"}},
		"/w/**/**/b":       {{"/w/b", "/w/a/b", "/w/a/a/b"}, {"/w/a"}},
		"/**/b":            {{"/b", "/a/b"}, {"/a"}},
		"/w/[ab]?":         {{"/w/ax", "/w/bx/y"}, {"/w/a", "/w/cx"}},
		"/w/[^a]":          {{"/w/b"}, {"/w/a"}},
		"/w/[a":            {{"/w/anything"}, {"/w"}}, // malformed: more, not less
		"/w/a":             {{"/w/a", "/w/a/b"}, {"/w/ab"}},
		"/w/*/**/x/**/y":   {{"/w/a/x/y", "/w/a/b/x/c/y"}, {"/w/x/y", "/w/a/y"}},
		"/w/**/secret/**/": {{"/w/secret/a", "/w/a/secret/b/c"}, {"/w/secret"}},
	} {
		for i, list := range names {
			for _, n := range list {
				if got := GlobMatch(pattern, n); got != (i == 0) {
					t.Errorf("%s on %s: %v", pattern, n, got)
				}
			}
		}
	}
}

// FuzzGlob compares with the definition, and holds that no pattern takes long.
func FuzzGlob(f *testing.F) {
	f.Add("/w/**/*.env", "/w/a/b.env")
	f.Add("/**/a/**/a/**/a/**/b", "/a/a/a/a/a/a/a/a/a/a/a/a")
	f.Add("/{a,b}/[", "/a")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		got := GlobMatch(pattern, name)
		if strings.Count(pattern, "/")+strings.Count(name, "/") < 12 {
			pat := strings.Split(strings.Trim(pattern, "/"), "/")
			if want := slowly(pat, strings.Split(strings.Trim(path.Clean(name), "/"), "/")); got != want {
				t.Errorf("%q on %q: %v", pattern, name, got)
			}
		}
		alternatives(pattern, 64)
		fixed, rest := GlobBase("/" + strings.TrimLeft(pattern, "/"))
		if strings.ContainsAny(fixed, "*?[") || !strings.HasPrefix(fixed, "/") {
			t.Errorf("%q: %q %q", pattern, fixed, rest)
		}
	})
}

// slowly is GlobMatch as its comment says it.
func slowly(pat, name []string) bool {
	if len(pat) == 0 {
		return true
	}
	if pat[0] == "**" {
		if len(pat) == 1 {
			return len(name) > 0
		}
		for i := range len(name) + 1 {
			if slowly(pat[1:], name[i:]) {
				return true
			}
		}
		return false
	}
	return len(name) > 0 && Component(pat[0], name[0]) && slowly(pat[1:], name[1:])
}
