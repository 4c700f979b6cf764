//go:build unix

package keeper

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/pkg/policy"
	"codex/pkg/sandbox"
)

// fake is a program that plays the proxy: a shell script.
func fake(t *testing.T, script string) *Keeper {
	t.Helper()
	path := filepath.Join(t.TempDir(), Program)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	k := &Keeper{Program: func() (string, error) { return path, nil }, Env: []string{"PATH=/usr/bin:/bin"}}
	t.Cleanup(k.Close)
	return k
}

func spec() *sandbox.Spec {
	return &sandbox.Spec{Policy: policy.Policy{Proxy: &policy.ProxySettings{}}, Env: []string{"A=b"}}
}

// answers says yes to every request.
const answers = `while read -r line; do id=${line#*'"id":'}; id=${id%%,*}
	echo "{\"id\":$id,\"result\":{\"http\":\"127.0.0.1:1\",\"socks\":\"127.0.0.1:2\"}}"; done`

// TestOddProxies: what a proxy says that is no proxy of ours, and what comes of it.
func TestOddProxies(t *testing.T) {
	tests := []struct {
		name, script string
		want         string // in the error; "" for none
	}{
		{"good", answers, ""},
		{"noise before the answer", `echo; echo hello; echo '{"id":99,"result":{}}'; echo '{"method":"what"}'; echo '{"method":"blocked","params":{"id":"x"}}'; ` + answers, ""},
		{"a refusal", `read -r line; echo '{"id":1,"error":{"code":1,"message":"bad list"}}'; cat >/dev/null`, "network proxy: bad list"},
		{"ends at once", "exit 0", "network proxy: "},
		{"ends after reading", "read -r line", errGone.Error()},
		{"too long a line", "read -r line; head -c 100000 /dev/zero | tr '\\0' x; echo; cat >/dev/null", errGone.Error()},
		{"closes its output", "read -r line; exec >&-; cat >/dev/null", errGone.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := fake(t, tt.script)
			s := spec()
			lease, err := k.Prepare(s, Events{})
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v, want %q", err, tt.want)
				}
				if s.Proxy != nil || len(s.Env) != 1 {
					t.Errorf("the command is led to %+v, %q", s.Proxy, s.Env)
				}
			} else if err != nil || s.Proxy == nil || len(s.Env) < 10 {
				t.Errorf("%v, %+v", err, s)
			}
			lease.Close()
			k.Close()
			if pids := k.Pids(); len(pids) != 0 {
				t.Errorf("%v are left", pids)
			}
		})
	}
}

// TestStubborn: a proxy that does not end with its input is ended.
func TestStubborn(t *testing.T) {
	k := fake(t, answers+`; exec tail -f /dev/null`)
	if _, err := k.Prepare(spec(), Events{}); err != nil {
		t.Fatal(err)
	}
	k.Close()
	if pids := k.Pids(); len(pids) != 0 {
		t.Errorf("%v are left", pids)
	}
	if _, err := k.Prepare(spec(), Events{}); err == nil {
		t.Error("a closed keeper starts a proxy")
	}
}

func TestNone(t *testing.T) {
	s := spec()
	if _, err := (&Keeper{}).Prepare(s, Events{}); err == nil || s.Proxy != nil {
		t.Errorf("%v, %+v", err, s)
	}
	if _, err := Installed(); err == nil || !strings.Contains(err.Error(), "is not installed together with") {
		t.Error(err)
	}
}
