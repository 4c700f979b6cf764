package shellenv

import (
	"fmt"
	"testing"
)

func TestApply(t *testing.T) {
	base := map[string]string{"HOME": "/h", "Path": "/bin", "API_KEY": "k", "my_token": "t", "X": "1", "AB": "2"}
	all := func(p Policy) Policy { p.Inherit, p.IgnoreDefaultExcludes = "all", true; return p }
	for _, test := range []struct {
		p    Policy
		want string
	}{
		{all(Policy{}), "map[AB:2 API_KEY:k HOME:/h Path:/bin X:1 my_token:t]"},
		{Policy{Inherit: "all"}, "map[AB:2 HOME:/h Path:/bin X:1]"},
		{Policy{Inherit: "core", IgnoreDefaultExcludes: true}, "map[HOME:/h Path:/bin]"},
		{Policy{Inherit: "none", Set: map[string]string{"A_KEY": "1"}}, "map[A_KEY:1]"},
		{all(Policy{Exclude: []string{"h*", "?", "*[k"}, Set: map[string]string{"X": "set"}}), "map[AB:2 API_KEY:k Path:/bin X:set my_token:t]"},
		{all(Policy{IncludeOnly: []string{"p*h", "*_TOK*"}}), "map[Path:/bin my_token:t]"},
		{all(Policy{Exclude: []string{"*"}}), "map[]"},
	} {
		if got := fmt.Sprint(test.p.Apply(base)); got != test.want {
			t.Errorf("%+v: %s, want %s", test.p, got, test.want)
		}
	}
	if !all(Policy{}).All() || all(Policy{Exclude: []string{"X"}}).All() {
		t.Error("All")
	}
}

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		glob, name string
		want       bool
	}{
		{"", "", true}, {"", "A", false}, {"*", "", true}, {"A*B*C", "AxxBxC", true}, {"A*B*C", "AxxBx", false},
		{"*AB", "AAB", true}, {"?", "", false}, {"A?", "AB", true}, {"[A]", "A", false}, {"[A]", "[A]", true}, {"A**", "A", true},
	} {
		if got := Match(test.glob, test.name); got != test.want {
			t.Errorf("%q %q: %v", test.glob, test.name, got)
		}
	}
}

func TestList(t *testing.T) {
	got := List(Map([]string{"B=2=3", "A=1", "=x", "nothing", "A="}))
	if fmt.Sprintf("%q", got) != `["A=" "B=2=3"]` {
		t.Errorf("%q", got)
	}
}
