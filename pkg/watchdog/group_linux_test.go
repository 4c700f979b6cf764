package watchdog

import "testing"

// TestKilledStarter holds that the kernel ends a command whose group no watcher knows yet.
func TestKilledStarter(t *testing.T) { killOwner(t, "starts") }
