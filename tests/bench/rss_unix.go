//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// maxRSS gives the peak memory of the largest process of the run, in megabytes.
func maxRSS(s *os.ProcessState) float64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(u.Maxrss) / (1 << 20) // bytes there
	}
	return float64(u.Maxrss) / (1 << 10)
}
