package memories

import (
	"path"
	"path/filepath"
	"strings"
	"time"

	"codex/pkg/thread"
)

// maxRaw bounds the file of raw memories.
const maxRaw = 64 << 20

// Import reads what a folder of memories says of sessions that have no record: another
// program has made it.
func Import(dir string, known map[string]bool) ([]*Record, error) {
	f, err := OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := f.Read(RawName, maxRaw)
	if err != nil {
		return nil, ignoreMissing(err)
	}
	var fresh []*Record
	for _, r := range parseRaw(strings.ToValidUTF8(string(b), "\uFFFD")) {
		if known[r.ThreadID] {
			continue
		}
		known[r.ThreadID] = true
		if name := r.Slug; name != "" { // the file's, until it is read
			r.Slug = slugOf(name)
			if b, err := f.Read(path.Join(SummariesName, name), maxRecord); err == nil {
				_, text, _ := strings.Cut(strings.ToValidUTF8(string(b), "\uFFFD"), "\n\n")
				r.Summary = strings.TrimSpace(text)
			}
		}
		fresh = append(fresh, r)
	}
	return fresh, nil
}

// slugOf is the slug in the name of a summary.
func slugOf(name string) string {
	name = strings.TrimSuffix(name, ".md")
	return strings.TrimPrefix(name[min(len(name), len(stamp)+len("-0000")):], "-")
}

// parseRaw takes a file of raw memories apart. Slug is the name of the summary's file, "" for
// one that is no plain name.
func parseRaw(text string) (all []*Record) {
	var r *Record
	at, begin, head := 0, 0, false // begin is where the section's text does
	end := func() {
		if r != nil && !head {
			r.Raw = strings.TrimSpace(text[begin:at])
		}
	}
	for line := range strings.Lines(text) {
		plain := strings.TrimRight(line, "\r\n")
		switch id, ok := section(plain); {
		case ok:
			end()
			r, head = &Record{ThreadID: id}, true
			all = append(all, r)
		case head && strings.TrimSpace(plain) == "":
			head, begin = false, at
		case head:
			r.header(plain)
		}
		at += len(line)
	}
	end()
	return all
}

// section is the thread whose section a line begins.
func section(line string) (id string, ok bool) {
	id, ok = strings.CutPrefix(line, mark)
	if ok {
		id, ok = strings.CutSuffix(id, "`")
	}
	if !ok {
		return "", false
	}
	return thread.ParseID(id)
}

// header takes a line of a section's head.
func (r *Record) header(line string) {
	key, value, _ := strings.Cut(line, ": ")
	switch key {
	case "updated_at":
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			r.SourceUpdatedAt = at.Unix()
		}
	case "cwd":
		r.Cwd = value
	case "rollout_path":
		r.Path = value
	case "rollout_summary_file":
		if !strings.ContainsAny(value, `/\`) && filepath.IsLocal(value) && strings.HasSuffix(value, ".md") {
			r.Slug = value
		}
	}
}
