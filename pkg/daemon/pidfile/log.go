//go:build unix

package pidfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"codex/pkg/foreign"
)

const (
	// maxLog is how big a log may be when TrimLog looks, keptLog what it keeps of it.
	maxLog  = 8 << 20
	keptLog = 1 << 20
	// tailSize is what LogTail shows.
	tailSize = 4096
)

// previous is the log of the process before.
func previous(path string) string { return path + ".previous" }

// freshLog opens an empty log and keeps the one before. It is written at its end,
// wherever that is by then, so that it can be cut while a process writes to it.
func freshLog(path string) (*os.File, error) {
	if fi, err := os.Stat(path); err == nil && fi.Size() > 0 {
		if err := os.Rename(path, previous(path)); err != nil {
			return nil, fmt.Errorf("keep log: %w", err)
		}
	}
	return os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
}

// TrimLog cuts the log of a running process when it has grown too big; the end of what
// was cut off is kept as the log before.
func (f File) TrimLog() error {
	fi, err := os.Stat(f.Log())
	if errors.Is(err, fs.ErrNotExist) || err == nil && fi.Size() <= maxLog {
		return nil
	}
	if err != nil {
		return err
	}
	end, err := readEnd(f.Log(), keptLog)
	if err != nil {
		return err
	}
	if err := os.WriteFile(previous(f.Log()), end, 0o600); err != nil {
		return err
	}
	return os.Truncate(f.Log(), 0)
}

// LogTail gives the last lines of the log, "" when there are none.
func (f File) LogTail() string {
	b, err := readEnd(f.Log(), tailSize)
	if err != nil {
		return "" // it goes with an error that says more
	}
	return string(bytes.TrimRight(b, "\n"))
}

// readEnd gives the whole lines in the last size bytes of a file.
func readEnd(path string, size int64) ([]byte, error) {
	file, err := foreign.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	fi, err := file.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, fi.Size()-size)
	b, err := io.ReadAll(io.NewSectionReader(file, from, size))
	if from > 0 {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			b = b[i+1:]
		}
	}
	return b, err
}
