package netproxy

import "os"

func statusOf(p *os.ProcessState) int { return p.ExitCode() }
