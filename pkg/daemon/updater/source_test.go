//go:build unix

package updater

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const installer = "cat >/dev/null; echo ran with $CODEX_HOME >\"$CODEX_HOME\"/ran; exit ${STATUS:-0}\n"

func sumLine(text, name string) string {
	return strings.TrimSpace(fmt.Sprintf("%x  %s", sha256.Sum256([]byte(text)), name)) + "\n"
}

// publish serves an installer and its checksum; a nil text is not there.
func publish(t *testing.T, text string, sum *string) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/to/install.sh", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, text) })
	if sum != nil {
		mux.HandleFunc("/to/SHA256SUMS", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, *sum) })
	}
	mux.Handle("/moved/", http.RedirectHandler("/to/install.sh", http.StatusFound))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func source(t *testing.T, url string, env ...string) (s Source, home string) {
	home = t.TempDir()
	set := defaults()
	set.URL = url
	return Source{Settings: set, State: t.TempDir(), Env: append(os.Environ(), append(env, "CODEX_HOME="+home)...), Look: exec.LookPath}, home
}

func ran(home string) bool {
	_, err := os.Stat(filepath.Join(home, "ran"))
	return err == nil
}

// need skips a test where there is nothing to download with.
func need(t *testing.T, programs ...string) {
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skip("no", p)
		}
	}
}

func TestInstall(t *testing.T) {
	right := sumLine(installer, "install.sh")
	for _, tool := range []string{"curl", "wget"} {
		t.Run(tool, func(t *testing.T) {
			need(t, tool)
			only := func(program string) (string, error) {
				if program == tool {
					return exec.LookPath(tool)
				}
				return "", exec.ErrNotFound
			}
			for _, tc := range []struct {
				name, sum, env, fail string
			}{
				{"right", right, "", ""},
				{"nothing but the digest", sumLine(installer, ""), "", "checksum is not in SHA256SUMS"},
				{"among others", sumLine("x", "codex.tar.gz") + "\n" + sumLine(installer, "*install.sh"), "", ""},
				{"wrong", sumLine("x", "install.sh"), "", "checksum mismatch: expected 2d711642"},
				{"of another file", sumLine(installer, "other.sh"), "", "checksum is not in SHA256SUMS"},
				{"no sum at all", "\n", "", "checksum is not in"},
				{"a failing installer", right, "STATUS=3", "exit status 3"},
			} {
				server := publish(t, installer, &tc.sum)
				s, home := source(t, server.URL+"/to", tc.env)
				s.Look = only
				err := s.Install(t.Context())
				if (err == nil) != (tc.fail == "") || err != nil && !strings.Contains(err.Error(), tc.fail) {
					t.Errorf("%s: %v", tc.name, err)
				}
				if want := tc.fail == "" || tc.env != ""; ran(home) != want {
					t.Errorf("%s: the installer ran: %v", tc.name, !want)
				}
			}
			s, home := source(t, publish(t, installer, nil).URL+"/to")
			s.Look = only
			if err := s.Install(t.Context()); err == nil || ran(home) {
				t.Error("no checksum file:", err)
			}
		})
	}
	s, _ := source(t, "https://127.0.0.1/to")
	s.Look = func(string) (string, error) { return "", exec.ErrNotFound }
	if err := s.Install(t.Context()); err == nil || !strings.Contains(err.Error(), "either curl or wget") {
		t.Error(err)
	}
	s, _ = source(t, Nowhere)
	if err := s.Install(t.Context()); err == nil {
		t.Error("installed from nowhere")
	}
}

// TestPassword holds that a password of the address is sent, and stands in nobody's arguments.
func TestPassword(t *testing.T) {
	sum := sumLine(installer, "install.sh")
	site := publish(t, installer, &sum)
	site.Config.Handler = asking(site.Config.Handler)
	for _, tool := range []string{"curl", "wget"} {
		need(t, tool)
		real, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		spy := filepath.Join(dir, tool)
		if err := os.WriteFile(spy, fmt.Appendf(nil, "#!/bin/sh\necho \"$@\" >>%q\nexec %q \"$@\"\n", dir+"/arguments", real), 0o700); err != nil {
			t.Fatal(err)
		}
		s, home := source(t, strings.Replace(site.URL, "://", "://me:se%22cret%5C@", 1)+"/to")
		s.Look = func(program string) (string, error) {
			if program == tool {
				return spy, nil
			}
			return "", exec.ErrNotFound
		}
		if err := s.Install(t.Context()); err != nil || !ran(home) {
			t.Errorf("%s: %v", tool, err)
		}
		if b, err := os.ReadFile(dir + "/arguments"); err != nil || strings.Contains(string(b), "cret") {
			t.Errorf("%s: %s%v", tool, b, err)
		}
	}
}

// asking wants a name and a password.
func asking(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, password, _ := r.BasicAuth(); name != "me" || password != `se"cret\` {
			w.Header().Set("WWW-Authenticate", "Basic realm=x")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func TestInstallFromFolder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"install.sh": installer, "SHA256SUMS": sumLine(installer, "install.sh")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, home := source(t, "file://"+dir)
	if err := s.Install(t.Context()); err != nil || !ran(home) {
		t.Error(err)
	}
	s, _ = source(t, "file://"+dir+"/none")
	if err := s.Install(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestBounds holds that neither a server that does not answer, nor one that does not
// stop, nor an installer that does not end, is waited for.
func TestBounds(t *testing.T) {
	need(t, "curl")
	release := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/silent/", func(http.ResponseWriter, *http.Request) { <-release })
	mux.HandleFunc("/endless/", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = w.Write(make([]byte, 1<<16))
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	defer close(release)
	s, _ := source(t, server.URL+"/silent")
	s.Download = Duration(50 * time.Millisecond)
	if err := s.Install(t.Context()); err == nil || !strings.Contains(err.Error(), "no end after 50ms") {
		t.Error(err)
	}
	s, _ = source(t, server.URL+"/endless")
	if err := s.Install(t.Context()); err == nil {
		t.Error("downloaded everything")
	}
	endless := "mkfifo \"$CODEX_HOME\"/fifo; cat \"$CODEX_HOME\"/fifo\n"
	sum := sumLine(endless, "install.sh")
	s, _ = source(t, publish(t, endless, &sum).URL+"/to")
	s.Script = Duration(50 * time.Millisecond)
	if err := s.Install(t.Context()); err == nil || !strings.Contains(err.Error(), "no end after 50ms") {
		t.Error(err)
	}
}

func TestBase(t *testing.T) {
	for raw, ok := range map[string]bool{
		"https://example.org/codex": true,
		"http://127.0.0.1:9/x":      true,
		"http://[::1]:9":            true,
		"http://localhost/x":        true,
		"file:///srv/codex":         true,
		"http://example.org/codex":  false,
		"http://127.0.0.1.example":  false,
		"http://localhost.example":  false,
		"ftp://example.org":         false,
		"file://host/srv":           false,
		"file:srv":                  false,
		"https://":                  false,
		"/srv/codex":                false,
		"":                          false,
		"http://%zz":                false,
	} {
		if _, err := base(raw); (err == nil) != ok {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte("text"), []byte("982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1  install.sh\n"))
	f.Fuzz(func(t *testing.T, text, sums []byte) {
		if check(text, sums) == nil && !strings.Contains(strings.ToLower(string(sums)), fmt.Sprintf("%x", sha256.Sum256(text))) {
			t.Error("accepted without its digest")
		}
	})
}
