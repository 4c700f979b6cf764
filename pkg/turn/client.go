package turn

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/version"
)

// home is CODEX_HOME.
func (o *Options) home() (string, error) { return config.Home(o.Config.Env) }

// adoptClient makes the face's name the originator, as the model's side sees it
// (appserver spec, initialize); the environment's override wins.
func (o *Options) adoptClient(c protocol.ClientInfo) {
	if o.Getenv("CODEX_INTERNAL_ORIGINATOR_OVERRIDE") == "" {
		o.Originator = c.Name
	}
	o.UserAgent = UserAgent(o.Originator, o.Getenv, c.Name, c.Version)
}

// UserAgent is the header and the initialize result (turn spec §1.2). The machine's name
// and version come from files; nothing is started for it.
func UserAgent(originator string, getenv func(string) string, client, clientVersion string) string {
	term := getenv("TERM_PROGRAM")
	if term == "" {
		term = getenv("TERM")
	}
	if term == "" {
		term = "unknown"
	}
	return clean(fmt.Sprintf("%s/%s (%s) %s (%s; %s)", originator, version.Compat, platform(), term, client, clientVersion))
}

// clean keeps a header to printable ASCII.
func clean(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c < 0x20 || c > 0x7e {
			b[i] = '_'
		}
	}
	return string(b)
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
