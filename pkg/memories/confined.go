package memories

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strings"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
)

// Folder is a folder that commands of sessions may write: no link in it leads out of it, and
// nobody waits for what is no regular file. Names are those below it, with slashes.
type Folder struct{ *os.Root }

// OpenFolder opens a folder, which is made if it is not there.
func OpenFolder(dir string) (*Folder, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{root}, nil
}

// Read gives the whole of a regular file of at most max bytes.
func (f *Folder) Read(name string, max int64) ([]byte, error) {
	file, err := f.OpenFile(name, os.O_RDONLY|foreign.NonBlocking, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	st, err := file.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: name, Err: foreign.ErrNotRegular}
	}
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(file, max+1))
	if err == nil && int64(len(b)) > max {
		err = &fs.PathError{Op: "read", Path: name, Err: foreign.ErrTooLarge}
	}
	return b, err
}

// Replace puts a new file in the place of what has this name, whole or not at all.
func (f *Folder) Replace(name string, b []byte) error {
	if err := f.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	temp := path.Join(path.Dir(name), fmt.Sprintf(".codex-%08x.tmp", rand.Uint32())) // as atomicfile.Temporary has it
	file, err := f.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = f.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, f.Root.Remove(temp))
	}
	return nil
}

// Remove removes a file; one that is not there is no error.
func (f *Folder) Remove(name string) error { return ignoreMissing(f.Root.Remove(name)) }

// tidy removes temporary files of one who was killed, as far as folders can be read.
func (f *Folder) tidy() error {
	return fs.WalkDir(f.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch temporary, _ := path.Match(atomicfile.Temporary, path.Base(name)); {
		case err != nil && name == ".":
			return err
		case err != nil:
			return nil
		case temporary && d.Type().IsRegular():
			if err := f.Remove(name); !errors.Is(err, fs.ErrPermission) {
				return err
			}
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		}
		return nil
	})
}
