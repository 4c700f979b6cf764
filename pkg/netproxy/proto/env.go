package proto

import (
	"sort"
	"strings"

	"codex/pkg/policy"
)

// Env is env with the variables that lead programs to the proxy at http and
// socks, addresses with a port. socks may be "": then everything goes to http.
// Settings that were there before are replaced. What is listed by name among
// the domains goes to the proxy even when it is the loopback interface, which
// is the host's there and the command's own everywhere else.
func Env(env []string, http, socks string, s *policy.ProxySettings) []string {
	web := "http://" + http
	all := web
	if socks != "" {
		all = "socks5h://" + socks
	}
	local := "0"
	if s.LocalBinding {
		local = "1"
	}
	set := map[string]string{}
	to := func(value string, names ...string) {
		for _, name := range names {
			set[name] = value
		}
	}
	to(web, "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "WS_PROXY", "WSS_PROXY", "ws_proxy", "wss_proxy",
		"YARN_HTTP_PROXY", "YARN_HTTPS_PROXY",
		"npm_config_proxy", "npm_config_http_proxy", "npm_config_https_proxy",
		"NPM_CONFIG_PROXY", "NPM_CONFIG_HTTP_PROXY", "NPM_CONFIG_HTTPS_PROXY",
		"BUNDLE_HTTP_PROXY", "BUNDLE_HTTPS_PROXY", "PIP_PROXY", "DOCKER_HTTP_PROXY", "DOCKER_HTTPS_PROXY")
	to(all, "ALL_PROXY", "all_proxy", "FTP_PROXY", "ftp_proxy")
	to(noProxy(s.Domains), "NO_PROXY", "no_proxy", "npm_config_noproxy", "NPM_CONFIG_NOPROXY", "YARN_NO_PROXY", "BUNDLE_NO_PROXY")
	to("true", "ELECTRON_GET_USE_PROXY")
	to("1", Active)
	to(local, LocalBinding)
	out := make([]string, 0, len(env)+len(set))
	for _, kv := range env {
		name, _, _ := strings.Cut(kv, "=")
		if _, ours := set[name]; !ours {
			out = append(out, kv)
		}
	}
	kept := len(out)
	for name, value := range set {
		out = append(out, name+"="+value)
	}
	sort.Strings(out[kept:])
	return out
}

// What tells a program that it is behind the proxy.
const (
	Active       = "CODEX_NETWORK_PROXY_ACTIVE"
	LocalBinding = "CODEX_NETWORK_ALLOW_LOCAL_BINDING"
)

// noProxy lists what programs connect to themselves.
func noProxy(domains map[string]string) string {
	var names []string
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if domains[name] != policy.DomainAllow {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
