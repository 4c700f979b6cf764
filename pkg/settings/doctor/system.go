package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	"codex/pkg/responses"
)

// sandbox looks what the system lets a sandbox do.
func sandbox(ctx context.Context, e *examination) check {
	d := map[string]any{}
	if e.cfg != nil {
		d["sandbox mode"], d["approval policy"] = e.cfg.SandboxMode, e.cfg.ApprovalPolicy
	}
	if runtime.GOOS != "linux" {
		return check{Status: ok, Summary: "the system has a sandbox of its own", Details: d}
	}
	out, err := e.output(ctx, "codex-sandbox", "--probe")
	if err != nil {
		return check{Status: fail, Summary: "the sandbox cannot be asked", Details: d}.advise("%v", err)
	}
	probe := gjson.ParseBytes(out)
	probe.ForEach(func(k, v gjson.Result) bool { d[k.Str] = v.String(); return true })
	switch {
	case !probe.Get("namespaces_work").Bool() && probe.Get("landlock_abi").Int() == 0:
		return check{Status: fail, Summary: "commands cannot be confined", Details: d}.advise("Allow unprivileged user namespaces, or use a kernel with Landlock.")
	case !probe.Get("namespaces_work").Bool():
		return check{Status: warn, Summary: "namespaces do not work: the sandbox is weaker", Details: d}.advise("Allow unprivileged user namespaces (kernel.apparmor_restrict_unprivileged_userns, kernel.unprivileged_userns_clone).")
	case probe.Get("landlock_abi").Int() == 0 || !probe.Get("seccomp_filter").Bool():
		return check{Status: warn, Summary: "a layer of the sandbox is missing", Details: d}.advise("Use a kernel with Landlock and seccomp.")
	}
	return check{Status: ok, Summary: "all layers of the sandbox work", Details: d}
}

func updates(_ context.Context, e *examination) check {
	d := map[string]any{"version cache": filepath.Join(e.home, "version.json")}
	b, err := foreign.ReadFile(filepath.Join(e.home, "version.json"), 1<<16)
	if err == nil && jsonrpc.Valid(b) {
		d["latest version"] = gjson.GetBytes(b, "latest_version").String()
	}
	return check{Status: ok, Summary: "nothing is fetched at a start", Details: d}
}

// networkEnv says which variables decide about proxies and certificates.
func networkEnv(_ context.Context, e *examination) check {
	d := map[string]any{}
	get := e.p.Env.Get
	var proxies, bad []string
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"} {
		v := get(name)
		if v == "" {
			continue
		}
		if !strings.HasPrefix(strings.ToLower(name), "no_") {
			u, err := url.Parse(v)
			if err != nil || u.Host == "" { // HOST:PORT, maybe with a password before it
				u, err = url.Parse("http://" + v)
			}
			if err != nil {
				bad, v = append(bad, name), "not an address"
			} else {
				v = u.Redacted()
			}
		}
		proxies = append(proxies, name+"="+v)
	}
	d["proxy env vars"] = "none"
	if len(proxies) > 0 {
		d["proxy env vars"] = proxies
	}
	decides := ""
	for _, name := range []string{"CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"} {
		file := get(name)
		switch {
		case file == "":
			continue
		case decides != "":
			d[name] = file + " (" + decides + " counts)"
			continue
		}
		decides = name
		d[name] = "readable file " + file
		if _, err := foreign.ReadFile(file, 64<<20); err != nil {
			bad = append(bad, name)
			d[name] = err.Error()
		}
	}
	if len(bad) > 0 {
		return check{Status: fail, Summary: "cannot be used: " + strings.Join(bad, ", "), Details: d}.advise("Mend or unset the variable.")
	}
	return check{Status: ok, Summary: "network-related environment looks readable", Details: d}
}

// patience is how long a provider may take to answer.
const patience = 5 * time.Second

// reachability asks the provider's address for anything: any answer is one.
func reachability(ctx context.Context, e *examination) check {
	if e.cfg == nil {
		return unread()
	}
	p := e.cfg.Provider
	base := cmp.Or(p.BaseURL, "https://api.openai.com/v1")
	if len(p.Command) > 0 {
		return check{Status: ok, Summary: "the provider is a command", Details: map[string]any{"command": p.Command}}
	}
	d := map[string]any{"model provider": e.cfg.ProviderID}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return check{Status: fail, Summary: "the provider's address is none", Details: d}.advise("Mend base_url of %s.", e.cfg.ProviderID)
	}
	u.RawQuery = ""
	d["endpoint"] = u.Redacted()
	if e.offline {
		return check{Status: ok, Summary: "not checked (--offline)", Details: d}
	}
	status, err := e.ask(ctx, u)
	if err != nil {
		d["error"] = err.Error()
		return check{Status: fail, Summary: "the provider cannot be reached", Details: d}.advise("Check proxy, VPN, firewall, DNS, and certificates (%s).", e.deciding(u))
	}
	d["answer"] = status
	return check{Status: ok, Summary: "the provider answers", Details: d}
}

func (e *examination) ask(ctx context.Context, u *url.URL) (status string, err error) {
	client, err := responses.HTTPClient(u.String(), e.p.Env.Get)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
	if err != nil {
		return "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	return res.Status, nil
}

// deciding names the variables that had a say in how the address was reached.
func (e *examination) deciding(u *url.URL) string {
	var names []string
	wanted := []string{"CODEX_CA_CERTIFICATE", "SSL_CERT_FILE", strings.ToUpper(u.Scheme) + "_PROXY", u.Scheme + "_proxy", "NO_PROXY", "no_proxy"}
	for _, name := range wanted {
		if e.p.Env.Get(name) != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "no variable is set"
	}
	return strings.Join(names, ", ") + " decided"
}

// appServer looks for the server in the background.
func appServer(ctx context.Context, e *examination) check {
	socket := filepath.Join(e.home, "app-server-control", "app-server-control.sock")
	d := map[string]any{"control socket": socket, "daemon state dir": filepath.Join(e.home, "app-server-daemon")}
	if _, err := os.Lstat(socket); err != nil {
		d["status"] = "not running"
		return check{Status: ok, Summary: "background server is not running", Details: d}
	}
	out, err := e.output(ctx, "codex-daemon", "version")
	if err != nil {
		return check{Status: warn, Summary: "a socket is there, and nobody answers", Details: d}.advise("Run codex daemon restart.")
	}
	d["status"] = fmt.Sprintf("running, %s", strings.TrimSpace(string(out)))
	return check{Status: ok, Summary: "background server is running", Details: d}
}
