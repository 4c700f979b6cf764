package main

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// archive puts a .tar.gz called name into the release: entries below the folder top, with
// the folders that they are in. Owner, times and order do not depend on the machine.
func (r *release) archive(name, top string, entries []entry) error {
	return r.write(name, func(w io.Writer) error {
		zip := gzip.NewWriter(w)
		out := tar.NewWriter(zip)
		var dirs []string
		for _, e := range entries {
			e.name = path.Join(top, e.name)
			for dir := path.Dir(e.name); dir != "."; dir = path.Dir(dir) {
				if !slices.Contains(dirs, dir) {
					dirs = append(dirs, dir)
				}
			}
		}
		slices.Sort(dirs) // a folder before what is in it
		for _, dir := range dirs {
			h := tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: r.when, Format: tar.FormatUSTAR}
			if err := out.WriteHeader(&h); err != nil {
				return err
			}
		}
		for _, e := range entries {
			if err := r.add(out, top, e); err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
		}
		if err := out.Close(); err != nil {
			return err
		}
		return zip.Close()
	})
}

func (r *release) add(out *tar.Writer, top string, e entry) error {
	h := tar.Header{Typeflag: tar.TypeReg, Name: path.Join(top, e.name), Mode: int64(e.mode), ModTime: r.when, Format: tar.FormatUSTAR}
	if e.link != "" {
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.link, 0o777
		return out.WriteHeader(&h)
	}
	f, size, err := e.open()
	if err != nil {
		return err
	}
	defer f.Close()
	h.Size = size
	if err := out.WriteHeader(&h); err != nil {
		return err
	}
	_, err = io.Copy(out, f)
	return err
}

// place puts a small file into the release.
func (r *release) place(name string, data []byte) error {
	return r.write(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// write makes a file of the release by renaming, so that nobody sees a part of it.
func (r *release) write(name string, fill func(io.Writer) error) error {
	f, err := os.CreateTemp(r.out, ".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	err = fill(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(r.out, name))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
