//go:build unix

package appserver

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestPlugins: a client adds the marketplace of a folder, installs one of its plugins, and takes
// both away again. What would have to be fetched is refused.
func TestPlugins(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"hi"}`)
	c.initialize()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, ".agents", "plugins", "marketplace.json")
	for path, text := range map[string]string{
		file: `{"name":"team","plugins":[{"name":"one","source":{"source":"local","path":"./one"},"policy":{"authentication":"ON_USE"}},{"name":"held","source":"./one","policy":{"installation":"NOT_AVAILABLE"}}]}`,
		filepath.Join(root, "one", ".codex-plugin", "plugin.json"): `{"name":"one","version":"1.2.0","description":"about it"}`,
		filepath.Join(root, "one", ".mcp.json"):                    `{"mcpServers":{"s":{"command":"c"}}}`,
		filepath.Join(root, "one", "hooks", "hooks.json"):          `{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"true"}]}]}}`,
		filepath.Join(root, "one", "skills", "hop", "SKILL.md"):    "---\nname: hop\ndescription: d\n---\n",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(method, params, path, want string) {
		t.Helper()
		if got := c.call(method, params).Get(path).String(); got != want {
			t.Errorf("%s %s: %s, want %s", method, params, got, want)
		}
	}
	at := fmt.Sprintf(`{"marketplacePath":%q,"pluginName":`, file)
	ask("plugin/list", `{}`, "result.marketplaces", "[]")
	ask("marketplace/add", fmt.Sprintf(`{"source":%q}`, root), "result.alreadyAdded", "false")
	ask("marketplace/add", fmt.Sprintf(`{"source":%q}`, root), "result.alreadyAdded", "true")
	ask("marketplace/add", `{"source":"https://example.org/x.git"}`, "error.code", "-32600")
	ask("marketplace/upgrade", `{}`, "result.upgradedRoots", "[]")
	const one, held = "result.marketplaces.0.plugins.0.", "result.marketplaces.0.plugins.1."
	for path, want := range map[string]string{"result.marketplaces.0.path": file, one + "id": "one@team", one + "installed": "false", one + "authPolicy": "ON_USE",
		one + "installPolicy": "AVAILABLE", one + "source.path": filepath.Join(root, "one"), held + "installPolicy": "NOT_AVAILABLE"} {
		ask("plugin/list", `{}`, path, want)
	}
	ask("plugin/list", `{"marketplaceKinds":["vertical"]}`, "result.marketplaces", "[]")
	ask("plugin/installed", `{}`, "result.marketplaces", "[]")
	ask("plugin/installed", `{"installSuggestionPluginNames":["one"]}`, one+"installed", "false")
	for path, want := range map[string]string{"marketplaceName": "team", "summary.id": "one@team", "summary.installed": "false", "description": "about it",
		"skills.#.name": `["one:hop"]`, "mcpServers": `["s"]`, "hooks.0.eventName": "stop", "hooks.0.key": "one@team:hooks/hooks.json:stop:0:0", "apps": "[]"} {
		ask("plugin/read", at+`"one"}`, "result.plugin."+path, want)
	}
	ask("plugin/read", at+`"none"}`, "error.message", "plugin `none` was not found in marketplace `team`")
	ask("plugin/install", at+`"held"}`, "error.message", "plugin `held` is not available for install in marketplace `team`")
	ask("plugin/install", at+`"none"}`, "error.message", "plugin `none` was not found in marketplace `team`")
	ask("plugin/install", `{"marketplacePath":"/nowhere/marketplace.json","pluginName":"one"}`, "error.message", "/nowhere/marketplace.json is no marketplace of config.toml")
	ask("plugin/install", `{"remoteMarketplaceName":"x","pluginName":"one"}`, "error.code", "-32600")
	ask("plugin/install", at+`"one"}`, "result", `{"authPolicy":"ON_USE","appsNeedingAuth":[]}`)
	ask("plugin/installed", `{}`, one+"localVersion", "1.2.0")
	ask("plugin/list", `{}`, one+"enabled", "true")
	ask("skills/list", fmt.Sprintf(`{"cwds":[%q],"forceReload":true}`, c.work), `result.data.0.skills.#(name=="one:hop").enabled`, "true")
	ask("plugin/read", at+`"one"}`, "result.plugin.summary.installed", "true")
	ask("plugin/uninstall", `{"pluginId":"one@team"}`, "result", "{}")
	ask("plugin/installed", `{}`, "result.marketplaces", "[]")
	ask("plugin/uninstall", `{"pluginId":"../x"}`, "error.code", "-32600")
	ask("marketplace/remove", `{"marketplaceName":"team"}`, "result.marketplaceName", "team")
	ask("marketplace/remove", `{"marketplaceName":"team"}`, "error.message", "marketplace `team` is not configured or installed")
	ask("plugin/list", `{}`, "result.marketplaces", "[]")
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the folder is the user's: %v", err)
	}
	if status := c.leave(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
