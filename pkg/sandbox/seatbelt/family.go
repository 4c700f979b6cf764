package seatbelt

import "sync"

// Process is what a list of processes says of one.
type Process struct{ Pid, Parent, Group int }

// Family is a command and everything that came from it: its descendants, and
// those of its groups, which are known also when their parents are gone.
type Family struct {
	mu     sync.Mutex
	pids   map[int]bool
	groups map[int]bool
}

// NewFamily has one member, which leads a group of its own.
func NewFamily(pid int) *Family {
	return &Family{pids: map[int]bool{pid: true}, groups: map[int]bool{pid: true}}
}

// Has says whether pid is, or was, a member.
func (f *Family) Has(pid int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pids[pid]
}

// Add finds new members in a list of all processes and returns their ids.
func (f *Family) Add(all []Process) []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []int
	for more := true; more; {
		more = false
		for _, p := range all {
			if f.pids[p.Pid] || !f.pids[p.Parent] && !f.groups[p.Group] {
				continue
			}
			f.pids[p.Pid] = true
			found = append(found, p.Pid)
			more = true
			// A group is the family's when its leader is.
			if p.Group == p.Pid {
				f.groups[p.Group] = true
			}
		}
	}
	return found
}
