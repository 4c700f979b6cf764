// Apply_patch applies a patch in the form that the model writes.
//
// Synopsis:
//
//	apply_patch 'PATCH'
//	apply_patch < PATCHFILE
//
// The patch is the one argument, or standard input when there is none or it
// is "-". It names the files to add, delete, update and move, relative to the current
// directory; chunks of an update are found by their text. The files are
// listed on standard output, one a line: A added, M modified, D deleted.
// Errors go to standard error. The program may also be called applypatch.
//
// Exit status: 0 done; 1 not a patch, or a section failed (files of earlier
// sections stay changed); 2 wrong usage.
//
// Example:
//
//	git show topic:fix.patch | apply_patch
package main

import (
	"context"
	"fmt"
	"os"

	"codex/pkg/homedir"
	"codex/pkg/patch"
	"codex/pkg/termtext"
)

func main() {
	stdout, stderr := termtext.Stream(os.Stdout), termtext.Stream(os.Stderr)
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(stderr, "apply_patch:", err)
		os.Exit(1)
	}
	home := homedir.Of(os.Getenv, os.Getuid()) // without one, ~ is a name like any other
	os.Exit(patch.Main(context.Background(), patch.OS{HomeDir: home}, os.Args[1:], os.Stdin, stdout, stderr, cwd))
}
