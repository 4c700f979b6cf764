package turn

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// home is CODEX_HOME.
func (o *Options) home() (string, error) { return config.Home(o.Config.Env) }

// adoptClient makes the face's name the originator, as the model's side sees it
// (appserver spec, initialize); the environment's override wins. It gives the user agent.
func (o *Options) adoptClient(c protocol.ClientInfo) string {
	if o.Getenv("CODEX_INTERNAL_ORIGINATOR_OVERRIDE") == "" {
		o.Originator = c.Name
	}
	o.UserAgent = UserAgent(o.Originator, o.Getenv, c.Name, c.Version)
	return o.UserAgent
}

// UserAgent is version.UserAgent.
func UserAgent(originator string, getenv func(string) string, client, clientVersion string) string {
	return version.UserAgent(originator, getenv, client, clientVersion)
}

// appendIndex notes a thread's name where resume looks for it (turn spec §4.8).
func appendIndex(home, id, name string, now time.Time) error {
	f, err := os.OpenFile(filepath.Join(home, "session_index.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open session index: %w", err)
	}
	defer f.Close()
	w := jsonrpc.NewWriter(f)
	if err := w.Write(struct {
		ID      string `json:"id"`
		Name    string `json:"thread_name"`
		Updated string `json:"updated_at"`
	}{id, name, now.UTC().Format(time.RFC3339Nano)}); err != nil {
		return fmt.Errorf("write session index: %w", err)
	}
	return nil
}

// indexedName is the name that a thread was given last, nil when it has none.
func indexedName(home, id string) *string {
	b, err := os.ReadFile(filepath.Join(home, "session_index.jsonl"))
	if err != nil {
		return nil // no thread has a name
	}
	at := bytes.LastIndex(b, []byte(`"id":"`+id+`"`))
	if at < 0 {
		return nil
	}
	from := bytes.LastIndexByte(b[:at], '\n') + 1
	line, _, _ := bytes.Cut(b[from:], []byte{'\n'})
	name := gjson.GetBytes(line, "thread_name").Str
	if name == "" {
		return nil
	}
	return &name
}

// shorten keeps what a client made up from filling an answer.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
