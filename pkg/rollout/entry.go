package rollout

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// Entry is a line without its time. A json.RawMessage payload must be compact: it is
// written as it is.
type Entry struct {
	Type    string
	Payload any
}

const rolledBack = "thread_rolled_back"

// TakenBack is how many turns an event takes back.
func TakenBack(event gjson.Result) int {
	if event.Get("type").Str != rolledBack {
		return 0
	}
	return int(min(max(0, event.Get("num_turns").Int()), math.MaxInt32))
}

// RolledBack is the mark that takes the last n turns back.
func RolledBack(n uint32) Entry {
	return Entry{TypeEvent, struct {
		Type string `json:"type"`
		N    uint32 `json:"num_turns"`
	}{rolledBack, n}}
}

// encode appends the line of an entry.
func (e Entry) encode(b *bytes.Buffer, at time.Time) error {
	if raw, ok := e.Payload.(json.RawMessage); ok { // history items can be megabytes
		fmt.Fprintf(b, `{"timestamp":"%s","type":"%s","payload":`, Stamp(at), e.Type)
		b.Write(raw)
		b.WriteString("}\n")
		return nil
	}
	text, err := jsonrpc.Marshal(line{Stamp(at), e.Type, e.Payload})
	if err != nil {
		return fmt.Errorf("encode %s line: %w", e.Type, err)
	}
	b.Write(text)
	b.WriteByte('\n')
	return nil
}

// Line is the whole line of an entry.
func (e Entry) Line(at time.Time) ([]byte, error) {
	var b bytes.Buffer
	err := e.encode(&b, at)
	return b.Bytes(), err
}

// maxMeta bounds a line before the first session_meta line, and that.
const maxMeta = 16 << 20

// FirstMeta is the payload of the first session_meta line of a file.
func FirstMeta(f io.ReaderAt) (gjson.Result, error) {
	br := bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), 64<<10)
	for range headLines {
		line, err := readLine(br, maxMeta)
		if gjson.GetBytes(line, "type").Str == TypeSessionMeta {
			if line, ok := sound(line); ok {
				return gjson.GetBytes(line, "payload"), nil
			}
		}
		if err != nil || len(line) > maxMeta {
			break
		}
	}
	return gjson.Result{}, errNoMeta
}

var errNoMeta = errors.New("it has no session_meta line")

// AppendLine appends v as a line to a file of lines, which is made if it is not there. A
// torn last line is closed first, so that it spoils itself only.
func AppendLine(path string, v any) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	line, err := jsonrpc.Marshal(v)
	if err == nil {
		_, _, err = appendWhole(f, append(line, '\n'))
	}
	return errors.Join(err, f.Close())
}

// appendWhole appends lines with one write, and gives the size of the file after it. A
// last line that a dead writer has left torn is closed first, so that it spoils itself
// only. Of a write that fails the torn line is cut off, if nobody has written behind it;
// done is how much has been written all the same.
func appendWhole(f *os.File, lines []byte) (size int64, done int, err error) {
	st, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	close := 0
	if torn(f) {
		close, lines = 1, append([]byte{'\n'}, lines...)
	}
	n, err := f.Write(lines)
	if err == nil {
		return st.Size() + int64(n), n - close, nil
	}
	whole := bytes.LastIndexByte(lines[:n], '\n') + 1
	if now, e := f.Stat(); e == nil && now.Size() == st.Size()+int64(n) && whole < n {
		err = errors.Join(err, f.Truncate(st.Size()+int64(whole)))
	}
	return 0, max(whole-close, 0), err
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
