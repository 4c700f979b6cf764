package memories

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"codex/pkg/thread"
)

const (
	alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	maxSlug  = 60
	stamp    = "2006-01-02T15-04-05"
)

// File is the name of the summary of a session: when that began, four letters of its id and,
// if it has one, its slug.
func (r *Record) File() string {
	at, ok := thread.IDTime(r.ThreadID)
	if !ok {
		at = time.Unix(r.SourceUpdatedAt, 0)
	}
	name := at.UTC().Format(stamp) + "-" + letters(r.ThreadID)
	if slug := plainSlug(r.Slug); slug != "" {
		name += "-" + slug
	}
	return name + ".md"
}

// letters are the last 32 bits of an id as four letters.
func letters(id string) string {
	n, err := strconv.ParseUint(id[max(0, len(id)-8):], 16, 32)
	if err != nil {
		n = 0
	}
	var out [4]byte
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = alphabet[n%62]
		n /= 62
	}
	return string(out[:])
}

// plainSlug is a model's name for a session as part of a file name.
func plainSlug(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(s))
	return strings.TrimRight(s[:min(len(s), maxSlug)], "_")
}

// isoTime is how files have a time.
func isoTime(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02T15:04:05+00:00") }

// inLine is text that stands in one line.
func inLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}

// Text is the summary's file.
func (r *Record) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "thread_id: %s\nupdated_at: %s\nrollout_path: %s\ncwd: %s\n", r.ThreadID, isoTime(r.SourceUpdatedAt), inLine(r.Path), inLine(r.Cwd))
	if r.Branch != "" {
		fmt.Fprintf(&b, "git_branch: %s\n", inLine(r.Branch))
	}
	b.WriteString("\n" + strings.TrimSpace(r.Summary) + "\n")
	return b.String()
}

// mark begins a memory in the file of all.
const mark = "## Thread `"

const (
	title = "# Raw Memories\n\n"
	intro = title + "One section a session, by thread id:\n\n"
)

// introOf is what stands before the sections of a file: another program's words stay, so that
// nothing counts as changed that is not.
func introOf(old string) string {
	head, _, found := strings.Cut(old, mark)
	if !found || !strings.HasPrefix(head, title) || !strings.HasSuffix(head, "\n") || len(head) > 1<<10 {
		return intro
	}
	return head
}

// RawText is the file of all raw memories, in the place of an old one.
func RawText(all []*Record, old string) string {
	if len(all) == 0 {
		return title + "There are none yet.\n"
	}
	var b strings.Builder
	b.WriteString(introOf(old))
	for _, r := range all {
		fmt.Fprintf(&b, "%s%s`\nupdated_at: %s\ncwd: %s\nrollout_path: %s\nrollout_summary_file: %s\n\n", mark, r.ThreadID, isoTime(r.SourceUpdatedAt), inLine(r.Cwd), inLine(r.Path), r.File())
		for line := range strings.Lines(strings.TrimSpace(r.Raw)) {
			if strings.HasPrefix(line, mark) { // only we begin a section
				b.WriteByte(' ')
			}
			b.WriteString(line)
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

// Publish writes what is kept of the sessions to a folder, and removes the summaries of
// others. A file that is as it should be is not touched.
func Publish(dir string, all []*Record) error {
	f, err := OpenFolder(dir)
	if err != nil {
		return fmt.Errorf("open the folder of memories: %w", err)
	}
	defer f.Close()
	want := map[string]bool{}
	for _, r := range all {
		want[r.File()] = true
		if err := f.publish(path.Join(SummariesName, r.File()), r.Text()); err != nil {
			return err
		}
	}
	if err := f.tidy(); err != nil {
		return fmt.Errorf("tidy memories: %w", err)
	}
	entries, err := fs.ReadDir(f.FS(), SummariesName)
	if ignoreMissing(err) != nil {
		return fmt.Errorf("list summaries: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".md") && !want[name] && !e.IsDir() {
			if err := f.Remove(path.Join(SummariesName, name)); err != nil {
				return fmt.Errorf("drop a summary: %w", err)
			}
		}
	}
	old, err := f.Read(RawName, maxRaw)
	if err != nil {
		old = nil // it is made anew
	}
	return f.publish(RawName, RawText(all, string(old)))
}

// publish writes a file if it says something else.
func (f *Folder) publish(name, text string) error {
	st, err := f.Lstat(name)
	if err == nil && st.Mode().IsRegular() {
		if old, err := f.Read(name, int64(len(text))); err == nil && string(old) == text {
			return nil
		}
	}
	if err := f.Replace(name, []byte(text)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
