package thread

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/foreign"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// indexFile holds the names that people gave to threads, the last line of an id counts.
const indexFile = "session_index.jsonl"

// maxIndex bounds what is read of it.
const maxIndex = 64 << 20

// SetName notes the name of a thread.
func SetName(home, id, name string, now time.Time) error {
	line := struct {
		ID      string `json:"id"`
		Name    string `json:"thread_name"`
		Updated string `json:"updated_at"`
	}{id, name, now.UTC().Format(time.RFC3339Nano)}
	if err := rollout.AppendLine(filepath.Join(home, indexFile), line); err != nil {
		return fmt.Errorf("write down the thread's name: %w", err)
	}
	return nil
}

// forget blanks the lines with the names of a thread, where they are: others may be adding
// theirs.
func forget(home, id string) error {
	path := filepath.Join(home, indexFile)
	data, err := foreign.ReadFile(path, maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var f *os.File
	at := int64(0)
	for line := range bytes.Lines(data) {
		text := bytes.TrimRight(line, "\n")
		if of, ok := ParseID(gjson.GetBytes(text, "id").Str); ok && of == id {
			if f == nil {
				if f, err = os.OpenFile(path, os.O_RDWR|foreign.NonBlocking, 0); err != nil {
					return err
				}
				defer f.Close()
			}
			if _, err := f.WriteAt(bytes.Repeat([]byte{' '}, len(text)), at); err != nil {
				return err
			}
		}
		at += int64(len(line))
	}
	return nil
}

// Name is the name that a thread was given last, nil when it has none.
func Name(home, id string) *string { return nameOf(new(Names).Of(home), id) }

func nameOf(names map[string]string, id string) *string { return protocol.Optional(names[id]) }

// Names is the index, read again when the file has changed.
type Names struct {
	mu   sync.Mutex
	at   time.Time
	size int64
	byID map[string]string
}

// Of gives the names by thread id; callers must not change the map.
func (n *Names) Of(home string) map[string]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	path := filepath.Join(home, indexFile)
	fi, err := os.Stat(path)
	if err != nil {
		return nil
	}
	if n.byID != nil && fi.ModTime().Equal(n.at) && fi.Size() == n.size {
		return n.byID
	}
	data, err := foreign.ReadFile(path, maxIndex)
	if err != nil {
		return n.byID
	}
	n.byID, n.at, n.size = map[string]string{}, fi.ModTime(), fi.Size()
	for id, name := range backwards(data) {
		if _, later := n.byID[id]; !later {
			n.byID[id] = name
		}
	}
	return n.byID
}

// backwards gives the lines of the index, the last first.
func backwards(data []byte) iter.Seq2[string, string] {
	return func(yield func(id, name string) bool) {
		for len(data) > 0 {
			i := bytes.LastIndexByte(data, '\n')
			line := data[i+1:]
			data = data[:max(i, 0)]
			id, ok := ParseID(gjson.GetBytes(line, "id").Str)
			name := strings.ToValidUTF8(gjson.GetBytes(line, "thread_name").Str, "\uFFFD")
			if ok && !yield(id, name) {
				return
			}
		}
	}
}

// named gives the id of the thread that was given name last and has it still, "" for none.
func named(home, name string) string {
	data, err := foreign.ReadFile(filepath.Join(home, indexFile), maxIndex)
	if err != nil {
		return ""
	}
	quoted, _ := json.Marshal(name)
	if plain := !bytes.ContainsRune(quoted, '\\'); plain && !bytes.Contains(data, quoted[1:len(quoted)-1]) {
		return ""
	}
	seen := map[string]bool{}
	for id, has := range backwards(data) {
		if !seen[id] && has == name {
			return id
		}
		seen[id] = true
	}
	return ""
}
