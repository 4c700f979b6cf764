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

// file has the work of a file call done that holds size bytes.
func (s *server) file(r *jsonrpc.Request, sandbox *wire.SandboxContext, size int, work func(f *filer) (any, error)) (any, error) {
	sb, err := sandboxOf(sandbox)
	if err != nil {
		return nil, err
	}
	s.files.do(size, func() { s.answerFile(r, sb, work) })
	return nil, jsonrpc.ErrLater
}

func (s *server) answerFile(r *jsonrpc.Request, sb *sandboxCall, work func(f *filer) (any, error)) {
	f, err := s.filerFor(sb)
	var res any
	if err == nil {
		res, err = work(f)
	}
	if err != nil {
		_ = r.Reply(nil, osError(err))
		return
	}
	if file, ok := res.(wire.ReadFileResult); ok && len(file.Data) >= streamFrom {
		s.out.stream(func(w io.Writer) error { return writeFileAnswer(w, r.ID, file.Data) })
		return
	}
	_ = r.Reply(res, nil)
}

// filerFor gives the files that a sandbox leaves, all of them for none.
func (s *server) filerFor(sb *sandboxCall) (*filer, error) {
	if sb == nil {
		return newFiler(nil)
	}
	pol, err := s.resolve(sb, "")
	switch {
	case err != nil:
		return nil, err
	case !pol.Restricted() || pol.FullDiskRead && pol.FullDiskWrite && len(pol.Denied)+len(pol.DeniedGlobs) == 0:
		return newFiler(nil)
	}
	return newFiler(&pol)
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

// pathOf reads a path in either form. Dots are resolved by text alone.
func pathOf(s string) (filePath, error) {
	path, uri, err := wire.ParsePath(s)
	switch {
	case errors.Is(err, wire.ErrRelative):
		return filePath{}, badParams("AbsolutePathBuf deserialized without a base path")
	case err != nil:
		return filePath{}, badParams("invalid URI: %v", err)
	}
	return filePath{filepath.Clean(path), uri}, nil
}

// onPath is file for a call about one path.
func (s *server) onPath(r *jsonrpc.Request, path string, sb *wire.SandboxContext, work func(f *filer, p filePath) (any, error)) (any, error) {
	p, err := pathOf(path)
	if err != nil {
		return nil, err
	}
	return s.file(r, sb, 0, func(f *filer) (any, error) { return work(f, p) })
}

// onPaths is file for a call from one path to another.
func (s *server) onPaths(r *jsonrpc.Request, from, to string, sb *wire.SandboxContext, work func(f *filer, src, dst string) error) (any, error) {
	src, err := pathOf(from)
	if err != nil {
		return nil, err
	}
	dst, err := pathOf(to)
	if err != nil {
		return nil, err
	}
	return s.file(r, sb, 0, func(f *filer) (any, error) { return struct{}{}, work(f, src.path, dst.path) })
}

func (s *server) readFile(r *jsonrpc.Request, q *wire.PathParams) (any, error) {
	return s.onPath(r, q.Path, q.Sandbox, func(f *filer, p filePath) (any, error) {
		data, err := f.readFile(p.path)
		return wire.ReadFileResult{Data: data}, err
	})
}

func (s *server) writeFile(r *jsonrpc.Request) (any, error) {
	var q wire.WriteFileParams
	if err := r.Decode(&q); errors.Is(err, jsonrpc.ErrBase64) {
		return nil, invalid("fs/writeFile requires valid base64 dataBase64: %v", err)
	} else if err != nil {
		return nil, err
	}
	p, err := pathOf(q.Path)
	if err != nil {
		return nil, err
	}
	return s.file(r, q.Sandbox, len(q.Data), func(f *filer) (any, error) {
		return struct{}{}, f.writeFile(p.path, q.Data)
	})
}

func (s *server) createDirectory(r *jsonrpc.Request, q *wire.CreateDirectoryParams) (any, error) {
	return s.onPath(r, q.Path, q.Sandbox, func(f *filer, p filePath) (any, error) {
		return struct{}{}, f.makeDirectory(p.path, q.Recursive)
	})
}

func (s *server) getMetadata(r *jsonrpc.Request, q *wire.PathParams) (any, error) {
	return s.onPath(r, q.Path, q.Sandbox, func(f *filer, p filePath) (any, error) { return f.metadata(p.path) })
}

func (s *server) readDirectory(r *jsonrpc.Request, q *wire.PathParams) (any, error) {
	return s.onPath(r, q.Path, q.Sandbox, func(f *filer, p filePath) (any, error) {
		entries, err := f.readDirectory(p.path)
		return wire.ReadDirectoryResult{Entries: entries}, err
	})
}

func (s *server) remove(r *jsonrpc.Request, q *wire.RemoveParams) (any, error) {
	return s.onPath(r, q.Path, q.Sandbox, func(f *filer, p filePath) (any, error) {
		return struct{}{}, f.remove(p.path, q.Recursive, q.Force)
	})
}

func (s *server) copy(r *jsonrpc.Request, q *wire.CopyParams) (any, error) {
	return s.onPaths(r, q.SourcePath, q.DestinationPath, q.Sandbox, func(f *filer, src, dst string) error {
		return f.copy(src, dst, q.Recursive)
	})
}

func (s *server) rename(r *jsonrpc.Request, q *wire.RenameParams) (any, error) {
	return s.onPaths(r, q.SourcePath, q.DestinationPath, q.Sandbox, (*filer).rename)
}

func (s *server) canonicalize(r *jsonrpc.Request, q *wire.PathParams) (any, error) {
	return s.onPath(r, q.Path, q.Sandbox, func(f *filer, p filePath) (any, error) {
		real, err := f.canonicalize(p.path)
		return wire.CanonicalizeResult{Path: p.answer(real)}, err
	})
}

func errTooLarge() error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "file is too large to read: limit is %d bytes", wire.MaxReadFile)
}
