package argv

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"codex/tests/mcpauth"
)

// follow is a browser.
func follow(address string) {
	go func() {
		if resp, err := http.Get(address); err == nil {
			resp.Body.Close()
		}
	}()
}

// TestLogin adds a server that wants a login, which add offers, and goes through the rest.
func TestLogin(t *testing.T) {
	url := mcpauth.Start(t)
	p := newProgram(t)
	p.browser = follow
	p.configure("mcp_oauth_credentials_store = \"file\"\n") // the tester's keyring is not ours
	all := ""
	step := func(status int, want string, args ...string) {
		t.Helper()
		got, stdout, stderr := p.call(args...)
		if all += stdout + stderr; got != status || !strings.Contains(stdout+stderr, want) {
			t.Errorf("%q: %d %s%s", args, got, stdout, stderr)
		}
	}
	step(0, "Successfully logged in.\n", "add", "s", "--url", url+"/mcp")
	if !strings.HasPrefix(all, "Added global MCP server 's'.\nDetected OAuth support. Starting OAuth flow…\nAuthorize `s` by opening this URL in your browser:\nhttp://") {
		t.Error(all)
	}
	st, err := os.Stat(filepath.Join(p.home, ".credentials.json"))
	if err != nil || st.Mode().Perm()&0o077 != 0 {
		t.Error(st, err)
	}
	step(0, "enabled  OAuth", "list")
	step(0, `"auth_status": "o_auth"`, "list", "--json")
	step(0, "Removed OAuth credentials for 's'.", "logout", "s")
	if _, err := os.Stat(filepath.Join(p.home, ".credentials.json")); err == nil {
		t.Error("the file is still there")
	}
	step(0, "No OAuth credentials stored for 's'.", "logout", "s")
	step(0, "Not logged in", "list")
	step(0, "Successfully logged in to MCP server 's'.\n", "login", "s", "--scopes", "a,b")
	if !strings.Contains(all, "scope=a+b") && !strings.Contains(all, "scope=b+a") {
		t.Error("the scopes were not asked for")
	}
	step(1, "codes for other machines", "login", "s", "--device-auth")
	step(1, "port must be between", "-c", "mcp_oauth_callback_port=0", "login", "s")
	if runtime.GOOS != "darwin" && runtime.GOOS != "windows" { // which always have one
		step(1, "no keyring here", "-c", `mcp_oauth_credentials_store="keyring"`, "login", "s")
	}
	if strings.Contains(all, "PLANTED") {
		t.Error("a token was printed")
	}
}

// TestAddHint holds that add says which command logs in where the server did not say whether
// it wants that, and nothing where it did.
func TestAddHint(t *testing.T) {
	p := newProgram(t)
	status := http.StatusNotFound
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	hint := "codex-mcp: the server did not say whether it wants a login; if it does: codex mcp login s\n"
	add := func(want string) {
		t.Helper()
		if got, stdout, stderr := p.call("add", "s", "--url", server.URL+"/mcp"); got != 0 || stdout != "Added global MCP server 's'.\n" || stderr != want {
			t.Errorf("%d %q %q", got, stdout, stderr)
		}
	}
	add("")
	status = http.StatusBadGateway
	add(hint)
	server.Close()
	add(hint)
}
