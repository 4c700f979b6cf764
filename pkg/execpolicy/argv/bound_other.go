//go:build !linux || race

package argv

import (
	"runtime/metrics"
	"time"
)

// bound ends this process when it has too much memory. The race detector, which maps much
// more than it uses, would not start within a limit of the system's.
func bound() {
	go func() {
		heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for range time.Tick(10 * time.Millisecond) {
			if metrics.Read(heap); heap[0].Value.Uint64() > maxMemory {
				panic("too much memory") // whoever started us hears that it ended, and no more
			}
		}
	}()
}
