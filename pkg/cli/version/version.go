// Package version holds the one version of all binaries, stamped at link time.
//
// Ground layer: it imports the standard library only.
package version

// Compat is the release of the original whose wire behaviour is implemented. It is what
// user agents, rollouts and protocol answers carry: servers and clients compare it as a
// semantic version.
const Compat = "0.133.0"

// Version is the source revision, set with
// -ldflags "-X codex/pkg/version.Version=$(git describe --tags --always --dirty)".
// It holds only letters, digits, dots and hyphens, as build metadata must.
var Version = "dev"

// String gives the version as people and clients see it, such as 0.133.0+unix.4f2c1aa: a
// semantic version equal in precedence to Compat, with the revision as build metadata.
func String() string { return Compat + "+unix." + Version }

// Line gives what --version prints for a program, without the newline.
func Line(program string) string { return program + " " + String() }
