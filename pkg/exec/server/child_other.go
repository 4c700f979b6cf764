//go:build !linux

package server

import "os"

// pollable leaves terminals as they are: they do not work with the poller everywhere.
// Their reads end when the last process that has them open is killed.
func pollable(f *os.File) (*os.File, error) { return f, nil }

// awaitExit is for systems that can tell a death before it is reaped.
func awaitExit(int) {}
