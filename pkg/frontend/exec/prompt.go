package exec

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"codex/pkg/ostext"
	"codex/pkg/protocol"
)

// maxStdin bounds what is read as a prompt. The engine takes a good deal less.
const maxStdin = 64 << 20

// patience is how long an open stdin is waited for in silence when there is a prompt
// already. An inherited pipe that nobody closes is the most common way to hang.
const patience = 3 * time.Second

// stdin is where a prompt can come from.
type stdin struct {
	r        io.Reader
	terminal bool
	notice   io.Writer // stderr
}

// complaint is an error whose text is what the user must see, with nothing before it.
type complaint string

func (c complaint) Error() string { return string(c) }

const noPrompt = complaint("No prompt provided. Either specify one as an argument or pipe the prompt into stdin.")

// prompt puts the prompt together from the command line and stdin.
func (a *Args) prompt(in stdin) (string, error) {
	given := a.Prompt != nil && *a.Prompt != "-"
	blank := given && strings.TrimSpace(*a.Prompt) == "" && len(a.Images) == 0
	switch {
	case blank && (a.Verb == verbResume || in.terminal):
		return "", noPrompt
	case given && (a.Verb == verbResume || in.terminal):
		return *a.Prompt, nil
	case given:
		fmt.Fprintln(in.notice, "Reading additional input from stdin...")
		hint := time.AfterFunc(patience, func() {
			fmt.Fprintln(in.notice, "codex-exec: stdin is still open, waiting for its end\nhint: start with </dev/null when there is no more input")
		})
		more, err := readText(in.r)
		hint.Stop()
		if err == nil && blank && strings.TrimSpace(more) == "" {
			err = noPrompt
		}
		if err != nil || strings.TrimSpace(more) == "" {
			return *a.Prompt, err
		}
		if !strings.HasSuffix(more, "\n") {
			more += "\n"
		}
		return *a.Prompt + "\n\n<stdin>\n" + more + "</stdin>", nil
	case a.Prompt == nil && in.terminal:
		return "", noPrompt
	case a.Prompt == nil:
		fmt.Fprintln(in.notice, "Reading prompt from stdin...")
	}
	text, err := readText(in.r)
	if err == nil && strings.TrimSpace(text) == "" {
		err = complaint("No prompt provided via stdin.")
	}
	return text, err
}

// review gives what the command line wants reviewed. Of stdin only - is read.
func (a *Args) review(in stdin) (protocol.ReviewTarget, error) {
	switch {
	case a.Uncommitted:
		return protocol.ReviewTarget{Type: protocol.ReviewTargetUncommittedChanges}, nil
	case a.Base != "":
		return protocol.ReviewTarget{Type: protocol.ReviewTargetBaseBranch, Branch: a.Base}, nil
	case a.Commit != "":
		target := protocol.ReviewTarget{Type: protocol.ReviewTargetCommit, Sha: a.Commit}
		if a.Title != "" {
			target.Title = &a.Title
		}
		return target, nil
	}
	text := *a.Prompt
	if text == "-" {
		var err error
		if text, err = readText(in.r); err != nil {
			return protocol.ReviewTarget{}, err
		}
		if strings.TrimSpace(text) == "" {
			return protocol.ReviewTarget{}, complaint("No prompt provided via stdin.")
		}
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return protocol.ReviewTarget{}, errors.New("Review prompt cannot be empty")
	}
	return protocol.ReviewTarget{Type: protocol.ReviewTargetCustom, Instructions: text}, nil
}

func readText(r io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxStdin+1))
	switch {
	case err != nil:
		return "", complaint("Failed to read prompt from stdin: " + ostext.Of(err))
	case len(data) > maxStdin:
		return "", complaint(fmt.Sprintf("Failed to read prompt from stdin: input is longer than %d bytes.", maxStdin))
	}
	text, err := decode(data)
	if err != nil {
		return "", complaint("Failed to read prompt from stdin: " + err.Error())
	}
	return text, nil
}

// decode reads text in UTF-8, or in UTF-16 with a byte order mark.
func decode(data []byte) (string, error) {
	s := string(data)
	switch {
	case strings.HasPrefix(s, "\xff\xfe\x00\x00"):
		return "", errors.New("input appears to be UTF-32LE. Convert it to UTF-8 and retry.")
	case strings.HasPrefix(s, "\x00\x00\xfe\xff"):
		return "", errors.New("input appears to be UTF-32BE. Convert it to UTF-8 and retry.")
	case strings.HasPrefix(s, "\xff\xfe"):
		return decode16(s[2:], "UTF-16LE", func(s string) uint16 { return uint16(s[0]) | uint16(s[1])<<8 })
	case strings.HasPrefix(s, "\xfe\xff"):
		return decode16(s[2:], "UTF-16BE", func(s string) uint16 { return uint16(s[0])<<8 | uint16(s[1]) })
	}
	s = strings.TrimPrefix(s, "\ufeff")
	if !utf8.ValidString(s) {
		at := 0
		for {
			r, n := utf8.DecodeRuneInString(s[at:])
			if r == utf8.RuneError && n <= 1 {
				break
			}
			at += n
		}
		return "", fmt.Errorf("input is not valid UTF-8 (invalid byte at offset %d). Convert it to UTF-8 and retry (e.g., `iconv -f <ENC> -t UTF-8 prompt.txt`).", at)
	}
	return s, nil
}

func decode16(s, name string, unit func(string) uint16) (string, error) {
	bad := fmt.Errorf("input looked like %s but could not be decoded. Convert it to UTF-8 and retry.", name)
	if len(s)%2 != 0 {
		return "", bad
	}
	var b strings.Builder
	b.Grow(len(s) / 2)
	for ; s != ""; s = s[2:] {
		r := rune(unit(s))
		if utf16.IsSurrogate(r) {
			if len(s) < 4 {
				return "", bad
			}
			s = s[2:]
			if r = utf16.DecodeRune(r, rune(unit(s))); r == utf8.RuneError {
				return "", bad
			}
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}
