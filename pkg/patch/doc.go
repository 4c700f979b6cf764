// Package patch reads, checks and applies the patch format of the apply_patch
// tool, and keeps the net diff of a turn's patches.
//
// A patch is text between "*** Begin Patch" and "*** End Patch" with one
// section a file: "*** Add File: P" followed by + lines, "*** Delete File: P",
// or "*** Update File: P" with an optional "*** Move to: P" and chunks of
// context, - and + lines. A chunk is found by its text, never by a line
// number. The format is described for people in apply_patch(1).
//
// The steps are separate so that each caller takes what it needs:
//
//	Parse      text to Patch; nothing is read or written
//	Verify     dry run against the files as they are; gives Changes to show
//	Apply      writes file by file in patch order; no rollback
//	Main       the apply_patch program: Parse, Apply, print
//	Intercept  finds the patch in a shell command that only applies one
//	TurnDiff   adds up Changes to one git-style diff
//
// Files are reached only through FS, so that a patch lands on this machine or
// at the far end of a pipe alike. The package speaks no protocol. It may
// import the standard library, mvdan.cc/sh/v3/syntax to read shell text and
// this module's atomicfile, ostext and version, nothing else. Line differences are its own:
// the hunks have to be those of the original, and minimal in large files.
package patch
