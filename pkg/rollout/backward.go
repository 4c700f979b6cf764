package rollout

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// chunk is how much is read at once when walking a file from its end.
const chunk = 1 << 20

// MaxLine bounds one line of a session file.
const MaxLine = 512 << 20

// backward gives the lines of f from the last to the first until fn returns false.
// Offsets are those of the line's first byte.
func backward(f *os.File, fn func(line []byte, offset int64) bool) error {
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("stat session file: %w", err)
	}
	end := st.Size() // everything at and after end has been handed out or is in tail
	var tail []byte  // bytes after end that belong to a line whose start is not found yet
	buf := make([]byte, min(chunk, max(int(end), 1)))
	for end > 0 {
		n := min(int64(len(buf)), end)
		part := buf[:n]
		if _, err := f.ReadAt(part, end-n); err != nil && err != io.EOF {
			return fmt.Errorf("read session file: %w", err)
		}
		start := end - n
		for {
			i := bytes.LastIndexByte(part, '\n')
			if i < 0 {
				break
			}
			line := part[i+1:]
			if len(tail) > 0 {
				line = append(append([]byte(nil), line...), tail...)
				tail = nil
			}
			if len(bytes.TrimSpace(line)) > 0 && !fn(line, start+int64(i)+1) {
				return nil
			}
			part = part[:i]
		}
		if len(part) > 0 {
			if len(tail)+len(part) > MaxLine {
				return fmt.Errorf("session file %s: line longer than %d bytes", f.Name(), MaxLine)
			}
			// Growing from the front: doubled chunks keep a huge line from being copied often.
			tail = append(append(make([]byte, 0, len(part)+len(tail)), part...), tail...)
			if len(tail) > len(buf) {
				buf = make([]byte, min(2*len(buf), 64<<20))
			}
		}
		end = start
	}
	if len(bytes.TrimSpace(tail)) > 0 {
		fn(tail, 0)
	}
	return nil
}
