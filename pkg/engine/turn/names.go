package turn

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

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
