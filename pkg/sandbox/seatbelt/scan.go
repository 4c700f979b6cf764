package seatbelt

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"codex/pkg/policy"
)

// maxMatches bounds what Scan finds: each match makes the profile longer, and
// a command line can be a megabyte long.
const maxMatches = 1024

// ErrMatches says that patterns match more than a profile can speak of.
var ErrMatches = fmt.Errorf("patterns that hide files match more than %d below writable places", maxMatches)

// Scan finds what the patterns of pol match now where it can be moved: below
// its writable roots. What cannot be read is passed over, for commands cannot
// read it either.
func Scan(pol policy.Policy) ([]string, error) {
	var found []string
	for _, g := range pol.DeniedGlobs {
		base := fixedPart(g)
		for _, at := range walks(pol, base) {
			real, err := filepath.EvalSymlinks(at)
			if err != nil {
				continue
			}
			err = filepath.WalkDir(real, func(name string, d fs.DirEntry, err error) error {
				known := path.Join(at, name[len(real):]) // as the pattern has it
				switch {
				case err != nil:
					if d != nil && d.IsDir() {
						return fs.SkipDir
					}
					return nil
				case policy.GlobMatch(g, known):
					if found = append(found, name); len(found) > maxMatches {
						return ErrMatches
					}
				case !d.IsDir() || !deeper(known, base, pol.GlobDepth):
				default:
					return nil
				}
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			})
			if errors.Is(err, ErrMatches) {
				return nil, err
			}
		}
	}
	return found, nil
}

// walks lists the directories below base that can be changed, without those
// inside others.
func walks(pol policy.Policy, base string) []string {
	if pol.CanWrite(base) {
		return []string{base}
	}
	var out []string
	for _, r := range pol.Writable {
		if policy.Below(r.Path, base) && (len(out) == 0 || !policy.Below(r.Path, out[len(out)-1])) {
			out = append(out, r.Path)
		}
	}
	return out
}

// deeper says whether there is something to be looked for below name: depth
// counts from base, 0 is no limit.
func deeper(name, base string, depth int) bool {
	if depth == 0 || name == base {
		return true
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(name, path.Clean(base)), "/")
	return strings.Count(rest, "/")+1 < depth
}
