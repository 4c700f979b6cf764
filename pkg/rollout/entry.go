package rollout

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tidwall/gjson"
)

// Entry is a line without its time. A json.RawMessage payload must be compact: it is
// written as it is.
type Entry struct {
	Type    string
	Payload any
}

// RolledBack is the mark that takes the last n turns back.
func RolledBack(n uint32) Entry {
	return Entry{TypeEvent, struct {
		Type string `json:"type"`
		N    uint32 `json:"num_turns"`
	}{"thread_rolled_back", n}}
}

// encode appends the line of an entry.
func (e Entry) encode(b *bytes.Buffer, at time.Time) error {
	if raw, ok := e.Payload.(json.RawMessage); ok { // history items can be megabytes
		fmt.Fprintf(b, `{"timestamp":"%s","type":"%s","payload":`, Stamp(at), e.Type)
		b.Write(raw)
		b.WriteString("}\n")
		return nil
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(line{Stamp(at), e.Type, e.Payload}); err != nil {
		return fmt.Errorf("encode %s line: %w", e.Type, err)
	}
	return nil
}

// Line is the whole line of an entry.
func (e Entry) Line(at time.Time) ([]byte, error) {
	var b bytes.Buffer
	err := e.encode(&b, at)
	return b.Bytes(), err
}

// FirstMeta is the payload of the first session_meta line of a file.
func FirstMeta(f io.ReaderAt) (gjson.Result, error) {
	br := bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), 64<<10)
	for range headLines {
		line, err := readLine(br)
		if gjson.GetBytes(line, "type").Str == TypeSessionMeta {
			return gjson.GetBytes(line, "payload"), nil
		}
		if err != nil {
			break
		}
	}
	return gjson.Result{}, errors.New("session file has no session_meta line")
}

// AppendLine appends v as a line to a file of lines, which is made if it is not there. A
// torn last line is closed first, so that it spoils itself only.
func AppendLine(path string, v any) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if torn(f) {
		b.WriteByte('\n')
	}
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err = enc.Encode(v); err == nil {
		_, err = f.Write(b.Bytes())
	}
	return errors.Join(err, f.Close())
}

// torn says whether the last line of a file has no end.
func torn(f *os.File) bool {
	st, err := f.Stat()
	if err != nil || st.Size() == 0 {
		return false
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], st.Size()-1)
	return err == nil && last[0] != '\n'
}
