package netproxy

import (
	"cmp"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// UpstreamFrom reads HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, or their
// lower-case forms, in env. It gives nil when they name no proxy.
func UpstreamFrom(env []string) func(*url.URL) (*url.URL, error) {
	get := func(name string) string {
		value := ""
		for _, kv := range env {
			for _, n := range [...]string{name, strings.ToLower(name)} {
				if v, ok := strings.CutPrefix(kv, n+"="); ok && v != "" {
					value = v
				}
			}
		}
		return value
	}
	all := get("ALL_PROXY")
	c := httpproxy.Config{HTTPProxy: get("HTTP_PROXY"), HTTPSProxy: get("HTTPS_PROXY"), NoProxy: get("NO_PROXY")}
	c.HTTPProxy = cmp.Or(c.HTTPProxy, all)
	c.HTTPSProxy = cmp.Or(c.HTTPSProxy, all)
	if c.HTTPProxy == "" && c.HTTPSProxy == "" {
		return nil
	}
	return c.ProxyFunc()
}
