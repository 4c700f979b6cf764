package patch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/version"
)

// maxStdin bounds a patch read from standard input, in bytes.
const maxStdin = 256 << 20

// asFlag is how the original's one binary is made to be this program. Its
// argument is the patch, and what follows that is ignored.
const asFlag = "--codex-run-as-apply-patch"

const (
	usage = "Usage: apply_patch 'PATCH'\n       echo 'PATCH' | apply_patch\n"
	help  = usage + `
Applies a patch of the form
  *** Begin Patch
  *** Add File: PATH | *** Delete File: PATH | *** Update File: PATH
  ...
  *** End Patch
to the files below the current directory and lists them. See apply_patch(1).

  --help     print this and leave
  --version  print the version and leave
`
)

// Main is the apply_patch program, also called applypatch; args is without
// the program's name. The one argument is the patch; without arguments, or
// with "-", the patch is read from stdin. A sole --help or --version, which no patch can
// be, is answered instead. Relative paths are taken from cwd.
//
// The result is the exit status: 0 done, 1 failed (what was written before
// stays), 2 wrong usage.
func Main(ctx context.Context, fsys FS, args []string, stdin io.Reader, stdout, stderr io.Writer, cwd string) int {
	text, status, ok := patchText(args, stdin, stdout, stderr)
	if !ok {
		return status
	}
	p, err := Parse(text)
	var res Result
	if err == nil {
		res, err = apply(ctx, applier{fs: fsys, cwd: cwd}, p)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return say(res.Summary(), stdout, stderr)
}

// say writes an answer, and gives the exit status.
func say(answer string, stdout, stderr io.Writer) int {
	_, err := io.WriteString(stdout, answer)
	return exit.Report(stderr, "apply_patch", err)
}

// patchText finds the patch; ok is false when status says it all.
func patchText(args []string, stdin io.Reader, stdout, stderr io.Writer) (text string, status int, ok bool) {
	switch {
	case len(args) > 0 && args[0] == asFlag:
		if len(args) < 2 || !utf8.ValidString(args[1]) {
			fmt.Fprintf(stderr, "Error: %s requires a UTF-8 PATCH argument.\n", asFlag)
			return "", 1, false
		}
		return args[1], 0, true
	case len(args) == 0, len(args) == 1 && args[0] == "-":
		text, err := readPatch(stdin)
		if err != nil {
			fmt.Fprintf(stderr, "Error: Failed to read PATCH from stdin.\n%s\n", err)
			return "", 1, false
		}
		if text == "" {
			io.WriteString(stderr, usage)
			return "", 2, false
		}
		return text, 0, true
	case !utf8.ValidString(args[0]):
		io.WriteString(stderr, "Error: apply_patch requires a UTF-8 PATCH argument.\n")
		return "", 1, false
	case len(args) > 1:
		io.WriteString(stderr, "Error: apply_patch accepts exactly one argument.\n")
		return "", 2, false
	case args[0] == "--help":
		return "", say(help, stdout, stderr), false
	case args[0] == "--version":
		return "", say(version.Line("apply_patch")+"\n", stdout, stderr), false
	}
	return args[0], 0, true
}

func readPatch(stdin io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(stdin, maxStdin+1))
	switch {
	case err != nil:
		return "", err
	case len(data) > maxStdin:
		return "", fmt.Errorf("patch is larger than %d bytes", maxStdin)
	case !utf8.Valid(data):
		return "", errors.New("stream did not contain valid UTF-8")
	}
	return string(data), nil
}
