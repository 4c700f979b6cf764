//go:build !windows

package policy

// TempVariable names the temporary directory in the environment.
const TempVariable = "TMPDIR"

// fromHost gives a path of this system as policies write it.
func fromHost(name string) string { return name }

// toHost is the inverse.
func toHost(name string) (string, error) { return name, nil }
