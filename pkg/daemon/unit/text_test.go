package unit

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

const usual = `[Unit]
Description=Codex app-server for /home/me/.codex

[Service]
Type=oneshot
RemainAfterExit=yes
Environment="CODEX_HOME=/home/me/.codex"
Environment="PATH=/usr/bin:/bin"
ExecStart="/home/me/.codex/packages/standalone/current/codex" app-server daemon start --updater
ExecStop="/home/me/.codex/packages/standalone/current/codex" app-server daemon stop
TimeoutStartSec=100
TimeoutStopSec=100

[Install]
WantedBy=default.target
`

func TestSystemd(t *testing.T) {
	s := Spec{Home: "/home/me/.codex", Usual: true, Managed: "/home/me/.codex/packages/standalone/current/codex", Path: "/usr/bin:/bin"}
	if got := s.Systemd(); got != usual || s.Name() != "codex-daemon" {
		t.Errorf("%s: %s", s.Name(), got)
	}
	odd := Spec{Home: `/a "b" 50%\c`, Managed: `/a/$x/co dex`}
	text := odd.Systemd()
	for _, want := range []string{
		"Description=Codex app-server for /a \"b\" 50%%\\c\n",
		`Environment="CODEX_HOME=/a \"b\" 50%%\\c"` + "\n",
		`ExecStart="/a/$$x/co dex" app-server daemon start --updater` + "\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "PATH=") {
		t.Error("an empty PATH")
	}
	if n := odd.Name(); n == (Spec{Home: "/b"}).Name() || !strings.HasPrefix(n, "codex-daemon-") || len(n) != len("codex-daemon-")+8 {
		t.Error(n)
	}
}

func TestLaunchd(t *testing.T) {
	s := Spec{Home: "/a&b/<c>", Managed: "/m/codex", Path: "/bin"}
	var texts []string
	d := xml.NewDecoder(strings.NewReader(s.Launchd()))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.CharData:
			if text := strings.TrimSpace(string(tok)); text != "" {
				texts = append(texts, text)
			}
		case xml.StartElement:
			if tok.Name.Local == "true" {
				texts = append(texts, "true")
			}
		}
	}
	want := "Label " + s.Name() + " ProgramArguments /m/codex app-server daemon start --updater" +
		" EnvironmentVariables CODEX_HOME /a&b/<c> PATH /bin RunAtLoad true AbandonProcessGroup true"
	if got := strings.Join(texts, " "); got != want {
		t.Errorf("%s", got)
	}
}
