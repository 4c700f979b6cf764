package policy

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

// unborn gives what keeps git from taking dir itself for a git directory: a part that is
// missing, or a HEAD that says nothing. Hooks and settings of a command's would run if it
// came into being. "" is for a directory whose .git counts, or that is one already.
func unborn(f FS, dir string) string {
	dotgit := path.Join(dir, ".git")
	if st, err := f.Lstat(dotgit); err == nil && (st.Mode().IsRegular() || lacks(f, dotgit) == "") {
		return "" // a file that is no pointer is an error to git
	}
	return lacks(f, dir)
}

// lacks names a part that dir would need to be a git directory, "" when it is one.
func lacks(f FS, dir string) string {
	head := path.Join(dir, "HEAD")
	if st, err := f.Lstat(head); err != nil || st.IsDir() { // such as a crash left
		return "HEAD"
	}
	for _, name := range []string{"refs", "objects"} {
		if !isDir(f, path.Join(dir, name)) {
			return name
		}
	}
	if !isHead(f, head) {
		return "HEAD"
	}
	return ""
}

func isDir(f FS, name string) bool {
	true_, err := f.EvalSymlinks(name)
	if err != nil {
		return false
	}
	st, err := f.Lstat(true_)
	return err == nil && st.IsDir()
}

// isHead reports whether a file is a HEAD to git: a reference, or an object's name.
func isHead(f FS, name string) bool {
	if to, err := f.Readlink(name); err == nil && strings.HasPrefix(to, "refs/") {
		return true
	}
	b, err := f.ReadFile(name)
	if err != nil {
		return false
	}
	if ref, ok := strings.CutPrefix(string(b), "ref:"); ok {
		return strings.HasPrefix(strings.TrimLeft(ref, " \t\n\v\f\r"), "refs/")
	}
	const sha1 = 40
	return len(b) >= sha1 && len(strings.Trim(string(b[:sha1]), "0123456789abcdefABCDEF")) == 0
}

// maxPointer bounds a .git or commondir file: one path and a few words.
const maxPointer = 16 << 10

// gitPlaces lists what a ".git" leads to: the git directory that a file names, and the
// common directory, each as written and as followed. A .git that is missing or a link
// leads nowhere else.
func gitPlaces(f FS, dotgit string) ([]string, error) {
	st, err := f.Lstat(dotgit)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	if st.IsDir() {
		return common(f, nil, dotgit), nil
	}
	if !st.Mode().IsRegular() || st.Size() > maxPointer {
		return nil, nil
	}
	b, err := f.ReadFile(dotgit)
	if err != nil {
		return nil, nil // what we cannot read, git cannot either
	}
	target, ok := strings.CutPrefix(string(b), "gitdir:")
	target = strings.TrimRight(strings.TrimLeft(target, " "), "\r\n")
	if !ok || target == "" {
		return nil, nil
	}
	target = fromHost(target)
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(dotgit), target)
	}
	return common(f, bothNames(f, nil, path.Clean(target)), target), nil
}

// common adds the common directory of a git directory to a list.
func common(f FS, list []string, gitdir string) []string {
	b, err := f.ReadFile(path.Join(gitdir, "commondir"))
	if err != nil || len(b) > maxPointer {
		return list
	}
	dir := fromHost(strings.TrimRight(string(b), "\r\n"))
	switch {
	case dir == "":
		return list
	case !path.IsAbs(dir):
		dir = path.Join(gitdir, dir)
	}
	return bothNames(f, list, path.Clean(dir))
}

func bothNames(f FS, list []string, at string) []string {
	list = appendNew(list, at)
	if t, err := f.EvalSymlinks(at); err == nil {
		list = appendNew(list, path.Clean(t))
	}
	return list
}
