package policy

import (
	"path"
	"slices"
	"strings"
)

// follow gives the true path of name. What does not exist is followed as far
// as it does: the last components are appended as they are.
func (r *resolver) follow(name string) (string, bool) {
	if r.env.FS == nil {
		return name, true
	}
	if t, err := r.env.FS.EvalSymlinks(name); err == nil {
		return path.Clean(t), true
	}
	rest := ""
	for dir := name; dir != "/"; {
		rest = path.Join(path.Base(dir), rest)
		dir = path.Dir(dir)
		if t, err := r.env.FS.EvalSymlinks(dir); err == nil {
			return path.Join(t, rest), false
		}
	}
	return name, false
}

// linked reports whether a root leads over a link, and is not the directory that the
// session is about.
func (r *resolver) linked(at string) bool {
	true_, exists := r.follow(at)
	chosen := func(dir string) bool { return r.abs(dir) == at }
	return exists && true_ != at && !chosen(r.env.Cwd) && !slices.ContainsFunc(r.env.ProjectRoots, chosen)
}

// addLinked adds the roots that lead over links, but not those whose link lies where
// commands may write: one of an earlier session may have made it.
func (r *resolver) addLinked(names []string) (skipped []string) {
	for _, at := range names {
		if r.turnable(at) {
			skipped = append(skipped, at)
			r.names[at], _ = r.follow(at)
			continue
		}
		r.add(at, Entry{Access: AccessWrite})
	}
	return skipped
}

// turnable reports whether a link on the way of name lies where something may be written.
func (r *resolver) turnable(name string) bool {
	return slices.ContainsFunc(r.links(name), func(link string) bool {
		dir := path.Dir(link)
		g := r.grants[dir]
		return g != nil && g.access == AccessWrite || g == nil && r.above(dir) == AccessWrite
	})
}

// links lists the links on the way of name, each by its true path.
func (r *resolver) links(name string) (links []string) {
	at, rest := "/", name
	for rest != "" && len(links) < maxLinks {
		part, more, _ := strings.Cut(rest, "/")
		rest = more
		switch part {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		link := path.Join(at, part)
		to, err := r.env.FS.Readlink(link)
		if err != nil { // it is no link
			at = link
			continue
		}
		links = append(links, link)
		to = fromHost(to)
		if path.IsAbs(to) {
			at = "/"
		}
		rest = to + "/" + rest
	}
	return links
}

// maxLinks bounds the links on one way, as systems do.
const maxLinks = 40
