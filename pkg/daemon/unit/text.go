package unit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Spec is what a unit is about.
type Spec struct {
	Home    string // CODEX_HOME
	Usual   bool   // it is ~/.codex
	Managed string // the program to start
	Path    string // PATH, "" for the one that the service manager has
}

// Name tells the units of several CODEX_HOMEs apart: codex-daemon for the usual one.
func (s Spec) Name() string {
	if s.Usual {
		return "codex-daemon"
	}
	sum := sha256.Sum256([]byte(s.Home))
	return "codex-daemon-" + hex.EncodeToString(sum[:4])
}

// starting and stopping are the arguments of the managed codex. The processes that it
// starts are detached, so the unit itself runs nothing.
func starting() []string { return []string{"app-server", "daemon", "start", "--updater"} }
func stopping() []string { return []string{"app-server", "daemon", "stop"} }

// Systemd is the text of the unit. Whoever stops it lets running turns end, for as long
// as the daemon does (70 s), before systemd ends what is left: the updater.
func (s Spec) Systemd() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[Unit]\nDescription=Codex app-server for %s\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\n", percent(s.Home))
	fmt.Fprintf(&b, "Environment=%s\n", quote("CODEX_HOME="+s.Home, false))
	if s.Path != "" {
		fmt.Fprintf(&b, "Environment=%s\n", quote("PATH="+s.Path, false))
	}
	for _, line := range []struct {
		key  string
		args []string
	}{{"ExecStart", starting()}, {"ExecStop", stopping()}} {
		fmt.Fprintf(&b, "%s=%s %s\n", line.key, quote(s.Managed, true), strings.Join(line.args, " "))
	}
	b.WriteString("TimeoutStartSec=100\nTimeoutStopSec=100\n\n[Install]\nWantedBy=default.target\n")
	return b.String()
}

// quote writes a word for systemd.syntax(7): specifiers, and in command lines variables,
// are not meant.
func quote(word string, command bool) string {
	word = percent(word)
	if command {
		word = strings.ReplaceAll(word, "$", "$$")
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(word) + `"`
}

func percent(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// Launchd is the text of the launch agent. AbandonProcessGroup keeps launchd from ending
// the processes that were started.
func (s Spec) Launchd() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n" +
		"<plist version=\"1.0\">\n<dict>\n")
	fmt.Fprintf(&b, "\t<key>Label</key>\n\t%s\n\t<key>ProgramArguments</key>\n\t<array>\n", element(s.Name()))
	for _, a := range append([]string{s.Managed}, starting()...) {
		fmt.Fprintf(&b, "\t\t%s\n", element(a))
	}
	fmt.Fprintf(&b, "\t</array>\n\t<key>EnvironmentVariables</key>\n\t<dict>\n\t\t<key>CODEX_HOME</key>\n\t\t%s\n", element(s.Home))
	if s.Path != "" {
		fmt.Fprintf(&b, "\t\t<key>PATH</key>\n\t\t%s\n", element(s.Path))
	}
	b.WriteString("\t</dict>\n\t<key>RunAtLoad</key>\n\t<true/>\n\t<key>AbandonProcessGroup</key>\n\t<true/>\n</dict>\n</plist>\n")
	return b.String()
}

func element(text string) string {
	return "<string>" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text) + "</string>"
}
