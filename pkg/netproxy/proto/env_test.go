package proto

import (
	"slices"
	"strings"
	"testing"

	"codex/pkg/policy"
)

// TestEnv: the names are those that the original sets (codex 0.133 under a profile with
// a network, its env printed).
func TestEnv(t *testing.T) {
	env := Env([]string{"PATH=/bin", "http_proxy=http://old", "NO_PROXY=*", "HTTP_PROXY_X=1"}, "127.0.0.1:1", "127.0.0.1:2", &policy.ProxySettings{})
	var names []string
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		names = append(names, name)
		want := "http://127.0.0.1:1"
		switch {
		case name == "PATH" || name == "HTTP_PROXY_X":
			continue
		case strings.Contains(strings.ToLower(name), "no_proxy") || strings.Contains(strings.ToLower(name), "noproxy"):
			want = "localhost,127.0.0.1,::1"
		case strings.HasPrefix(strings.ToLower(name), "all_") || strings.HasPrefix(strings.ToLower(name), "ftp_"):
			want = "socks5h://127.0.0.1:2"
		case name == Active:
			want = "1"
		case name == LocalBinding:
			want = "0"
		case name == "ELECTRON_GET_USE_PROXY":
			want = "true"
		}
		if value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
	want := strings.Fields(`PATH HTTP_PROXY_X ALL_PROXY BUNDLE_HTTPS_PROXY BUNDLE_HTTP_PROXY BUNDLE_NO_PROXY CODEX_NETWORK_ALLOW_LOCAL_BINDING
		CODEX_NETWORK_PROXY_ACTIVE DOCKER_HTTPS_PROXY DOCKER_HTTP_PROXY ELECTRON_GET_USE_PROXY FTP_PROXY HTTPS_PROXY HTTP_PROXY NO_PROXY
		NPM_CONFIG_HTTPS_PROXY NPM_CONFIG_HTTP_PROXY NPM_CONFIG_NOPROXY NPM_CONFIG_PROXY PIP_PROXY WSS_PROXY WS_PROXY YARN_HTTPS_PROXY
		YARN_HTTP_PROXY YARN_NO_PROXY all_proxy ftp_proxy http_proxy https_proxy no_proxy npm_config_http_proxy npm_config_https_proxy
		npm_config_noproxy npm_config_proxy ws_proxy wss_proxy`)
	if !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
}

func TestEnvVariants(t *testing.T) {
	get := func(env []string, name string) string {
		for _, kv := range env {
			if v, ok := strings.CutPrefix(kv, name+"="); ok {
				return v
			}
		}
		return ""
	}
	env := Env(nil, "127.0.0.1:1", "", &policy.ProxySettings{LocalBinding: true,
		Domains: map[string]string{"127.0.0.1": policy.DomainAllow, "localhost": policy.DomainDeny}})
	for name, want := range map[string]string{"ALL_PROXY": "http://127.0.0.1:1", LocalBinding: "1", "NO_PROXY": "localhost,::1"} {
		if got := get(env, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
