package tools

import "codex/pkg/shellwords"

// Join quotes argv as one line.
func Join(argv []string) string { return shellwords.Join(argv) }
