package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
	"time"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/policy"
)

// FileSandbox is the policy a file operation must keep; nil is none.
type FileSandbox struct {
	Profile policy.Profile
	Cwd     string // what the profile's project entries mean
}

// Metadata describes a file. The first two and Size follow a link.
type Metadata struct {
	IsDir, IsFile, IsSymlink bool
	Size                     int64 // 0 from a server that does not tell
	ModTime                  time.Time
}

// ReadFile gives a whole file of at most wire.MaxReadFile bytes.
func (c *Client) ReadFile(ctx context.Context, path string, sb *FileSandbox) ([]byte, error) {
	var data []byte
	err := c.fs(ctx, wire.MethodReadFile, path, sb, func(s *wire.SandboxContext) any {
		return wire.PathParams{Path: c.path(path), Sandbox: s}
	}, func(raw json.RawMessage) (err error) {
		data, err = decodeFile(raw)
		return err
	})
	return data, err
}

// decodeFile takes the usual spelling of the answer apart by hand: it may be large.
func decodeFile(raw []byte) ([]byte, error) {
	if b, ok := bytes.CutPrefix(raw, []byte(`{"dataBase64":"`)); ok {
		if b, ok = bytes.CutSuffix(b, []byte(`"}`)); ok && bytes.IndexByte(b, '\\') < 0 && bytes.IndexByte(b, '"') < 0 {
			return base64.StdEncoding.AppendDecode([]byte{}, b)
		}
	}
	var res wire.ReadFileResult
	err := json.Unmarshal(raw, &res)
	return res.Data, err
}

// WriteFile replaces a file or makes it; its directory must exist.
func (c *Client) WriteFile(ctx context.Context, path string, data []byte, sb *FileSandbox) error {
	if data == nil {
		data = []byte{}
	}
	return c.fs(ctx, wire.MethodWriteFile, path, sb, func(s *wire.SandboxContext) any {
		return wire.WriteFileParams{Path: c.path(path), Data: data, Sandbox: s}
	}, nil)
}

// CreateDirectory makes a directory; with recursive its parents too, and an existing one
// is fine.
func (c *Client) CreateDirectory(ctx context.Context, path string, recursive bool, sb *FileSandbox) error {
	return c.fs(ctx, wire.MethodCreateDirectory, path, sb, func(s *wire.SandboxContext) any {
		return wire.CreateDirectoryParams{Path: c.path(path), Recursive: recursive, Sandbox: s}
	}, nil)
}

// Remove removes a file, a link, or a directory (with its content if recursive); force
// takes a missing one for done.
func (c *Client) Remove(ctx context.Context, path string, recursive, force bool, sb *FileSandbox) error {
	return c.fs(ctx, wire.MethodRemove, path, sb, func(s *wire.SandboxContext) any {
		return wire.RemoveParams{Path: c.path(path), Recursive: recursive, Force: force, Sandbox: s}
	}, nil)
}

// GetMetadata describes a file; a dangling link does not exist.
func (c *Client) GetMetadata(ctx context.Context, path string, sb *FileSandbox) (Metadata, error) {
	var m wire.Metadata
	err := c.fs(ctx, wire.MethodGetMetadata, path, sb, func(s *wire.SandboxContext) any {
		return wire.PathParams{Path: c.path(path), Sandbox: s}
	}, &m)
	if err != nil {
		return Metadata{}, err
	}
	return Metadata{IsDir: m.IsDirectory, IsFile: m.IsFile, IsSymlink: m.IsSymlink, Size: m.Size, ModTime: time.UnixMilli(m.ModifiedAtMs)}, nil
}

// Copy copies a file or a link, or with recursive a directory.
func (c *Client) Copy(ctx context.Context, src, dst string, recursive bool, sb *FileSandbox) error {
	return c.fs(ctx, wire.MethodCopy, src, sb, func(s *wire.SandboxContext) any {
		return wire.CopyParams{SourcePath: c.path(src), DestinationPath: c.path(dst), Recursive: recursive, Sandbox: s}
	}, nil)
}

func (c *Client) fs(ctx context.Context, method, path string, sb *FileSandbox, params func(*wire.SandboxContext) any, result any) error {
	var s *wire.SandboxContext
	if sb != nil {
		var err error
		if s, err = c.sandbox(sb.Profile, sb.Cwd, nil); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	if err := c.call(ctx, method, params(s), result); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// RemoteError is an error the server answered with. errors.Is knows ErrNoSandbox (code
// -32000), fs.ErrNotExist (code -32004), fs.ErrExist and fs.ErrPermission, by the number in "(os error N)".
type RemoteError struct {
	Code    int
	Message string
	errno   syscall.Errno
}

func (e *RemoteError) Error() string { return e.Message }

// Is makes errors.Is work for the fs errors.
func (e *RemoteError) Is(target error) bool {
	switch target {
	case ErrNoSandbox:
		return e.Code == jsonrpc.CodeRefused
	case fs.ErrNotExist:
		return e.Code == jsonrpc.CodeNotFound
	case fs.ErrExist:
		return e.errno == 17
	case fs.ErrPermission:
		return e.errno == 1 || e.errno == 13 || e.errno == 30
	}
	return false
}

func remoteError(e *jsonrpc.Error) error {
	r := &RemoteError{Code: e.Code, Message: e.Message}
	if rest, ok := strings.CutSuffix(e.Message, ")"); ok {
		if _, num, ok := strings.Cut(rest, "(os error "); ok {
			if n, err := strconv.Atoi(num); err == nil {
				r.errno = syscall.Errno(n)
			}
		}
	}
	return r
}
