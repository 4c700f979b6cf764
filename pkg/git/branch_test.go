package git

import "testing"

func TestHosted(t *testing.T) {
	for url, want := range map[string]string{
		"https://github.com/o/n.git": "o/n", "https://u:t@github.com/o/n": "o/n", "git@github.com:o-p/n.x.git": "o-p/n.x", "ssh://git@github.com/o/n/": "o/n",
		"https://example.com/o/n.git": "", "https://github.com.example.com/o/n": "", "git@github.com:--web/n": "", "https://github.com/o": "", "": "", "/srv/o/n.git": "",
	} {
		if got := hosted(url); got != want {
			t.Errorf("%q is %q, want %q", url, got, want)
		}
	}
}
