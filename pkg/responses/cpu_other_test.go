//go:build !unix

package responses

import "time"

func cpuTime() time.Duration { return 0 }
