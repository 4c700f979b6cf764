package protocol

import (
	"encoding/json"
	"reflect"
	"testing"

	"codex/pkg/policy"
)

func TestSandboxPolicyProfile(t *testing.T) {
	env := policy.Env{Cwd: "/w"}
	for _, p := range []SandboxPolicy{
		{Type: SandboxPolicyDangerFullAccess}, {Type: SandboxPolicyReadOnly}, {Type: SandboxPolicyReadOnly, NetworkAccess: true},
		{Type: SandboxPolicyExternalSandbox, NetworkAccess: true}, {Type: SandboxPolicyWorkspaceWrite},
		{Type: SandboxPolicyWorkspaceWrite, WritableRoots: []string{"/a", "/b"}, NetworkAccess: true, ExcludeTmpdirEnvVar: true, ExcludeSlashTmp: true},
	} {
		if got := SandboxPolicyOf(p.Profile().In([]string{"/w"}).Legacy(env)); !reflect.DeepEqual(got, p) {
			t.Errorf("%+v became %+v", p, got)
		}
	}
	if p := (SandboxPolicy{Type: "odd"}).Profile(); p.ReadsAll() || p.Writes() || p.Network {
		t.Errorf("%+v", p)
	}
}

func TestPlainPermissions(t *testing.T) {
	got, ok := PlainPermissions(json.RawMessage(`{"permissions":{"type":"profile","id":":workspace","modifications":null},"threadId":"x"}`))
	if !ok || string(got) != `{"permissions":":workspace","threadId":"x"}` {
		t.Errorf("%s %v", got, ok)
	}
	for _, s := range []string{`{}`, `{"permissions":"p"}`, `{"permissions":{"type":"odd","id":"p"}}`, `[]`, `{"permissions":null}`, `{"permissions":1}`} {
		if got, ok := PlainPermissions(json.RawMessage(s)); ok {
			t.Errorf("%s: %s", s, got)
		}
	}
}
