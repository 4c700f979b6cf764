package server

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
)

// streamFrom is the size of a file from which the answer is written piece by piece.
const streamFrom = 64 << 10

// File calls run one after another beside the reader: a script that writes and then reads
// a file finds what it wrote.

func (s *server) runFiles() {
	defer close(s.fileDone)
	for f := range s.files {
		f()
	}
}

// file queues the work of a file call that holds size bytes. The reader waits here only
// behind a great many calls, or a great deal of data.
func (s *server) file(id json.RawMessage, q *params, size int, work func(f *filer) (any, error)) {
	sb := decodeSandbox(q)
	if q.err != nil {
		s.out.fail(id, q.err)
		return
	}
	s.fileMu.Lock()
	for s.fileSize > 0 && s.fileSize+size > maxFileBytes {
		s.fileCond.Wait()
	}
	s.fileSize += size
	s.fileMu.Unlock()
	s.files <- func() {
		s.answerFile(id, sb, work)
		s.fileMu.Lock()
		s.fileSize -= size
		s.fileCond.Signal()
		s.fileMu.Unlock()
	}
}

func (s *server) answerFile(id json.RawMessage, sb *sandboxCall, work func(f *filer) (any, error)) {
	f := &filer{}
	if sb != nil {
		pol, err := s.resolve(sb, "")
		if err != nil {
			s.out.fail(id, err)
			return
		}
		if pol.Restricted() && !(pol.FullDiskRead && pol.FullDiskWrite && len(pol.Denied)+len(pol.DeniedGlobs) == 0) {
			f.pol = &pol
		}
	}
	res, err := work(f)
	if err != nil {
		s.out.fail(id, osError(err))
		return
	}
	data, ok := res.([]byte)
	switch {
	case !ok:
		s.out.respond(id, res)
	case len(data) < streamFrom:
		s.out.respond(id, wire.ReadFileResult{Data: data})
	default:
		s.out.stream(func(w io.Writer) error { return writeFileAnswer(w, id, data) })
	}
}

// writeFileAnswer encodes a large file as it goes out.
func writeFileAnswer(w io.Writer, id json.RawMessage, data []byte) error {
	buf := make([]byte, 0, pieceSize)
	buf = append(append(buf, `{"id":`...), id...)
	buf = append(buf, `,"result":{"dataBase64":"`...)
	const step = (pieceSize/4 - 256) * 3 // no padding inside, and it fits
	for len(data) > 0 {
		n := min(step, len(data))
		buf = base64.StdEncoding.AppendEncode(buf, data[:n])
		data = data[n:]
		if len(data) == 0 {
			buf = append(buf, "\"}}\n"...)
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	return nil
}

// filePath is a path as it came, with the form the answer takes.
type filePath struct {
	path string
	uri  bool
}

func (p filePath) answer(path string) string {
	if p.uri {
		return wire.PathToURI(path)
	}
	return path
}

// filePath reads a path in either form. Dots are resolved by text alone.
func (p *params) filePath(key string) filePath {
	s := p.str(key)
	if p.err != nil {
		return filePath{}
	}
	path, uri, err := wire.ParsePath(s)
	switch {
	case errors.Is(err, wire.ErrRelative):
		p.fail("AbsolutePathBuf deserialized without a base path")
	case err != nil:
		p.fail("invalid URI: %v", err)
	}
	return filePath{filepath.Clean(path), uri}
}

func (s *server) lookupFile(method string) func(json.RawMessage, *params) {
	nothing := func(err error) (any, error) { return struct{}{}, err }
	switch method {
	case wire.MethodReadFile:
		return func(id json.RawMessage, q *params) {
			p := q.filePath("path")
			s.file(id, q, 0, func(f *filer) (any, error) { return f.readFile(p.path) })
		}
	case wire.MethodWriteFile:
		return s.writeFile
	case wire.MethodCreateDirectory:
		return func(id json.RawMessage, q *params) {
			p, rec := q.filePath("path"), q.boolean("recursive", false, true)
			s.file(id, q, 0, func(f *filer) (any, error) { return nothing(f.makeDirectory(p.path, rec)) })
		}
	case wire.MethodGetMetadata:
		return func(id json.RawMessage, q *params) {
			p := q.filePath("path")
			s.file(id, q, 0, func(f *filer) (any, error) { return f.metadata(p.path) })
		}
	case wire.MethodReadDirectory:
		return func(id json.RawMessage, q *params) {
			p := q.filePath("path")
			s.file(id, q, 0, func(f *filer) (any, error) {
				entries, err := f.readDirectory(p.path)
				return wire.ReadDirectoryResult{Entries: entries}, err
			})
		}
	case wire.MethodRemove:
		return func(id json.RawMessage, q *params) {
			p, rec, force := q.filePath("path"), q.boolean("recursive", false, true), q.boolean("force", false, true)
			s.file(id, q, 0, func(f *filer) (any, error) { return nothing(f.remove(p.path, rec, force)) })
		}
	case wire.MethodCopy:
		return func(id json.RawMessage, q *params) {
			src, dst, rec := q.filePath("sourcePath"), q.filePath("destinationPath"), q.boolean("recursive", true, false)
			s.file(id, q, 0, func(f *filer) (any, error) { return nothing(f.copy(src.path, dst.path, rec)) })
		}
	case wire.MethodRename:
		return func(id json.RawMessage, q *params) {
			src, dst := q.filePath("sourcePath"), q.filePath("destinationPath")
			s.file(id, q, 0, func(f *filer) (any, error) { return nothing(f.rename(src.path, dst.path)) })
		}
	case wire.MethodCanonicalize:
		return func(id json.RawMessage, q *params) {
			p := q.filePath("path")
			s.file(id, q, 0, func(f *filer) (any, error) {
				real, err := f.canonicalize(p.path)
				return wire.CanonicalizeResult{Path: p.answer(real)}, err
			})
		}
	}
	return nil
}

func (s *server) writeFile(id json.RawMessage, q *params) {
	p := q.filePath("path")
	data, err := q.base64("dataBase64")
	if q.err == nil && err != nil {
		err = jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "fs/writeFile requires valid base64 dataBase64: %v", err)
	}
	s.file(id, q, len(data), func(f *filer) (any, error) {
		if err != nil {
			return nil, err
		}
		return struct{}{}, f.writeFile(p.path, data)
	})
}
