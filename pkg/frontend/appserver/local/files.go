package local

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tidwall/gjson"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	"codex/pkg/ostext"
	"codex/pkg/protocol"
)

// maxFile bounds what fs/readFile gives: base64 of it is one message.
const maxFile = 128 << 20

// absolute holds a path against the rule, in the original's words.
func absolute(path string) error {
	if filepath.IsAbs(path) {
		return nil
	}
	return jsonrpc.Invalidf("Invalid request: AbsolutePathBuf deserialized without a base path")
}

// onPath has the params decoded for a handler of fs/*, and the paths in them held against that.
func onPath[P any](f func(p *P) (any, error)) func(r *Request) (any, error) {
	return with(func(r *Request, p *P) (any, error) {
		for _, path := range gjson.GetManyBytes(r.Params, "path", "sourcePath", "destinationPath") {
			if err := absolute(path.Str); path.Exists() && err != nil {
				return nil, err
			}
		}
		return f(p)
	})
}

// ioError is a failure of the system in the original's words.
func ioError(err error) error {
	if err == nil {
		return nil
	}
	return jsonrpc.Errorf(jsonrpc.CodeInternal, "%s", ostext.Of(err))
}

func fsReadFile(p *protocol.FsReadFileParams) (any, error) {
	data, err := foreign.ReadFile(p.Path, maxFile)
	switch {
	case errors.Is(err, foreign.ErrTooLarge):
		return nil, jsonrpc.Invalidf("file is larger than %d bytes", maxFile)
	case err != nil:
		return nil, ioError(err)
	}
	const head, tail = `{"dataBase64":"`, `"}`
	out := make([]byte, 0, len(head)+base64.StdEncoding.EncodedLen(len(data))+len(tail))
	out = base64.StdEncoding.AppendEncode(append(out, head...), data)
	return json.RawMessage(append(out, tail...)), nil
}

func fsWriteFile(p *protocol.FsWriteFileParams) (any, error) {
	data, err := base64.StdEncoding.DecodeString(p.DataBase64)
	if err != nil {
		var at base64.CorruptInputError
		if errors.As(err, &at) && int(at) < len(p.DataBase64) {
			return nil, jsonrpc.Invalidf("fs/writeFile requires valid base64 dataBase64: Invalid symbol %d, offset %d.", p.DataBase64[at], int(at))
		}
		return nil, jsonrpc.Invalidf("fs/writeFile requires valid base64 dataBase64: %v", err)
	}
	return protocol.FsWriteFileResponse{}, ioError(atomicfile.Write(p.Path, 0o666, data))
}

func fsCreateDirectory(p *protocol.FsCreateDirectoryParams) (any, error) {
	if p.Recursive != nil && !*p.Recursive {
		return protocol.FsCreateDirectoryResponse{}, ioError(os.Mkdir(p.Path, 0o777))
	}
	return protocol.FsCreateDirectoryResponse{}, ioError(os.MkdirAll(p.Path, 0o777))
}

func fsGetMetadata(p *protocol.FsGetMetadataParams) (any, error) {
	link, err := os.Lstat(p.Path)
	if err != nil {
		return nil, ioError(err)
	}
	fi, err := os.Stat(p.Path)
	if err != nil {
		return nil, ioError(err)
	}
	return protocol.FsGetMetadataResponse{IsDirectory: fi.IsDir(), IsFile: fi.Mode().IsRegular(), IsSymlink: link.Mode()&fs.ModeSymlink != 0,
		ModifiedAtMs: fi.ModTime().UnixMilli()}, nil
}

func fsReadDirectory(p *protocol.FsReadDirectoryParams) (any, error) {
	entries, err := os.ReadDir(p.Path)
	if err != nil {
		return nil, ioError(err)
	}
	var res protocol.FsReadDirectoryResponse
	for _, e := range entries {
		dir, file := e.IsDir(), e.Type().IsRegular()
		if e.Type()&fs.ModeSymlink != 0 {
			if fi, err := os.Stat(filepath.Join(p.Path, e.Name())); err == nil {
				dir, file = fi.IsDir(), fi.Mode().IsRegular()
			}
		}
		res.Entries = append(res.Entries, protocol.FsReadDirectoryEntry{FileName: e.Name(), IsDirectory: dir, IsFile: file})
	}
	return res, nil
}

func fsRemove(p *protocol.FsRemoveParams) (any, error) {
	_, err := os.Lstat(p.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && (p.Force == nil || *p.Force):
		return protocol.FsRemoveResponse{}, nil
	case err != nil:
		return nil, ioError(err)
	case p.Recursive != nil && !*p.Recursive:
		return protocol.FsRemoveResponse{}, ioError(os.Remove(p.Path))
	}
	return protocol.FsRemoveResponse{}, ioError(os.RemoveAll(p.Path))
}

func fsCopy(p *protocol.FsCopyParams) (any, error) {
	fi, err := os.Lstat(p.SourcePath)
	if err != nil {
		return nil, ioError(err)
	}
	if fi.IsDir() {
		if !p.Recursive {
			return nil, jsonrpc.Invalidf("fs/copy requires recursive: true when sourcePath is a directory")
		}
		if rel, err := filepath.Rel(p.SourcePath, p.DestinationPath); err == nil && (rel == "." || filepath.IsLocal(rel)) {
			return nil, jsonrpc.Invalidf("fs/copy cannot copy a directory to itself or one of its descendants")
		}
	}
	return protocol.FsCopyResponse{}, ioError(copyTree(p.SourcePath, p.DestinationPath))
}

func copyTree(from, to string) error {
	fi, err := os.Lstat(from)
	if err != nil {
		return err
	}
	switch {
	case fi.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case fi.IsDir():
		if err := os.MkdirAll(to, fi.Mode().Perm()|0o700); err != nil {
			return err
		}
		entries, err := os.ReadDir(from)
		for _, e := range entries {
			if err := copyTree(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
				return err
			}
		}
		return err
	case !fi.Mode().IsRegular():
		return fmt.Errorf("fs/copy only supports regular files, directories, and symlinks: %s", from)
	}
	src, err := foreign.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	return atomicfile.Copy(to, fi.Mode().Perm(), src)
}
