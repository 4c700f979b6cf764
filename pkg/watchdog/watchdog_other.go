//go:build !unix

package watchdog

// Init is nothing here: there are no process groups.
func Init() {}
