package server

import (
	"bytes"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"codex/pkg/netproxy/keeper"
	"codex/pkg/sandbox"
)

const (
	// reapEvery bounds how often dead orphans are looked for.
	reapEvery = 250 * time.Millisecond
	// maxRounds bounds the chase after a tree that forks while it is killed.
	maxRounds = 64
	// maxWindows is how many ended children are remembered to tell whose an orphan is.
	maxWindows = 4096
)

// family knows the children and what they left behind. A group signal does not reach a
// descendant that made a session of its own; the tree does, as long as it hangs together.
// With adopt this process is the reaper of its descendants, so that orphans stay in reach.
type family struct {
	adopt bool
	quit  chan struct{}
	done  chan struct{}

	// forking is held shared while a child is started and made known, so that nobody
	// else reaps it.
	forking sync.RWMutex
	// reserve is the init process of a sandbox that waits for the next command.
	reserve sandbox.Reserve
	proxies *keeper.Keeper

	mu   sync.Mutex
	own  map[int]*child // not reaped yet
	past []lifetime     // of those that are
}

// lifetime is when a child lived, in clock ticks since boot as in /proc/PID/stat.
type lifetime struct{ from, to uint64 }

func newFamily(adopt bool, proxies *keeper.Keeper) *family {
	f := &family{proxies: proxies, own: map[int]*child{}, quit: make(chan struct{}), done: make(chan struct{})}
	f.reserve.Forking, proxies.Forking = f.forking.RLocker(), f.forking.RLocker()
	if adopt && unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == nil {
		f.adopt = true
		go f.reap()
		return f
	}
	close(f.done)
	return f
}

func (f *family) start(spec sandbox.Spec, c *startCall) (*child, error) {
	f.forking.RLock()
	defer f.forking.RUnlock()
	from := ticks()
	ch, err := startChild(spec, c, &f.reserve)
	if err != nil {
		return nil, err
	}
	ch.from = from
	f.mu.Lock()
	f.own[ch.pid] = ch
	f.mu.Unlock()
	return ch, nil
}

func (f *family) reaped(ch *child) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.own, ch.pid)
	if len(f.past) == maxWindows {
		f.past = f.past[:copy(f.past, f.past[maxWindows/2:])]
	}
	ch.to = ticks()
	f.past = append(f.past, lifetime{ch.from, ch.to})
}

// kill ends a child and all it started. In namespaces of its own that is one signal, to
// the first process of all. Else it is the tree below it, its group, and the orphans that
// are surely its own, as long as anything new is found: nothing is stopped meanwhile, for
// what is stopped when we die stays so for ever.
func (f *family) kill(ch *child) {
	killed := map[int]bool{}
	for range maxRounds {
		if ch.cmd.Contained() {
			break
		}
		fresh := false
		for _, pid := range f.members(ch) { // parents first
			if !killed[pid] {
				killed[pid], fresh = true, true
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if !fresh {
			break
		}
	}
	ch.whileAlive(func() { ch.cmd.Kill() })
	// The group lasts as long as anything in it, whatever became of its leader; callers
	// have seen somebody hold the child's streams.
	syscall.Kill(-ch.pid, syscall.SIGKILL)
}

// members lists what belongs to ch at this moment.
func (f *family) members(ch *child) []int {
	var pids []int
	ch.whileAlive(func() { pids = tree(pids, ch.pid) })
	if !f.adopt {
		return pids
	}
	f.forking.Lock() // a child in the making is no orphan
	orphans := f.orphans()
	f.forking.Unlock()
	var marks []string // made when there is an orphan to compare
	for _, pid := range orphans {
		st, ok := statOf(pid)
		if !ok || st.state == 'Z' {
			continue
		}
		if marks == nil {
			marks = ch.marks()
		}
		if st.session == ch.pid || st.group == ch.pid || holds(pid, marks) || f.onlyIn(ch, st.start) {
			pids = tree(pids, pid)
		}
	}
	return pids
}

// onlyIn says whether no other child than ch can have left an orphan: none that lived
// when it was started, and none that it shares a stream with.
func (f *family) onlyIn(ch *child, start uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	within := func(l lifetime) bool { return l.from <= start && (l.to == 0 || start <= l.to) }
	if !within(lifetime{ch.from, ch.to}) {
		return false
	}
	for _, other := range f.own {
		if other != ch && within(lifetime{other.from, 0}) {
			return false
		}
	}
	seen := false // ch itself, once
	for _, l := range f.past {
		if !seen && l == (lifetime{ch.from, ch.to}) {
			seen = true
			continue
		}
		if within(l) {
			return false
		}
	}
	return true
}

// orphans lists our children that we did not start, or only just did: that is for the
// caller to exclude.
func (f *family) orphans() []int {
	all := childrenOf(nil, os.Getpid())
	helpers := append(f.proxies.Pids(), f.reserve.Pid())
	f.mu.Lock()
	defer f.mu.Unlock()
	rest := all[:0]
	for _, pid := range all {
		if f.own[pid] == nil && !slices.Contains(helpers, pid) {
			rest = append(rest, pid)
		}
	}
	return rest
}

// reap takes away orphans that died.
func (f *family) reap() {
	defer close(f.done)
	died := make(chan os.Signal, 1)
	signal.Notify(died, syscall.SIGCHLD)
	defer signal.Stop(died)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-f.quit:
			return
		case <-died:
		}
		f.reapDead()
		pause.Reset(reapEvery)
		select {
		case <-f.quit:
			return
		case <-pause.C:
		}
	}
}

func (f *family) reapDead() {
	var dead []int
	for _, pid := range f.orphans() {
		if st, ok := statOf(pid); ok && st.state == 'Z' {
			dead = append(dead, pid)
		}
	}
	if len(dead) == 0 {
		return
	}
	f.forking.Lock() // one of them may be a child in the making
	defer f.forking.Unlock()
	for _, pid := range dead {
		f.mu.Lock()
		mine := f.own[pid] != nil
		f.mu.Unlock()
		if !mine {
			unix.Wait4(pid, nil, unix.WNOHANG, nil)
		}
	}
}

// end kills and reaps everything that is left. The children we started are gone or were
// given up on.
func (f *family) end() {
	f.reserve.Close()
	close(f.quit)
	<-f.done
	if !f.adopt {
		return
	}
	for range maxRounds {
		orphans := f.orphans()
		var pids []int
		for _, pid := range orphans {
			pids = tree(pids, pid)
		}
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		for _, pid := range orphans {
			waitBriefly(pid)
		}
	}
}

// waitBriefly reaps a killed child, unless the kernel does not let go of it.
func waitBriefly(pid int) {
	for range 100 {
		if got, err := unix.Wait4(pid, nil, unix.WNOHANG, nil); got == pid || err != nil && err != unix.EINTR {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// marks names the ends of ch's streams as /proc/PID/fd shows them.
func (ch *child) marks() []string {
	marks := []string{}
	if ch.ttyName != "" {
		return append(marks, ch.ttyName)
	}
	for _, st := range ch.streams {
		if fi, err := st.r.Stat(); err == nil {
			if sys, ok := fi.Sys().(*syscall.Stat_t); ok {
				marks = append(marks, "pipe:["+strconv.FormatUint(sys.Ino, 10)+"]")
			}
		}
	}
	return marks
}

// holds says whether one of a process's first three files is among marks.
func holds(pid int, marks []string) bool {
	for fd := range 3 {
		link, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/fd/" + strconv.Itoa(fd))
		if err != nil {
			continue
		}
		if slices.Contains(marks, link) {
			return true
		}
	}
	return false
}

// tree appends pid and all its descendants.
func tree(pids []int, pid int) []int {
	i := len(pids)
	pids = append(pids, pid)
	for ; i < len(pids); i++ {
		pids = childrenOf(pids, pids[i])
	}
	return pids
}

// childrenOf appends the children of a process. The kernel keeps them by thread.
func childrenOf(pids []int, pid int) []int {
	dir := "/proc/" + strconv.Itoa(pid) + "/task/"
	d, err := os.Open(dir)
	if err != nil {
		return pids
	}
	names, _ := d.Readdirnames(-1)
	d.Close()
	for _, tid := range names {
		b, err := os.ReadFile(dir + tid + "/children")
		if err != nil {
			continue
		}
		for _, word := range bytes.Fields(b) {
			if n, err := strconv.Atoi(string(word)); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}

type procStat struct {
	state          byte
	group, session int
	start          uint64
}

func statOf(pid int) (st procStat, ok bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return st, false
	}
	i := bytes.LastIndexByte(b, ')') // the name may hold anything
	if i < 0 {
		return st, false
	}
	w := bytes.Fields(b[i+1:]) // state ppid pgrp session … starttime is the 20th
	if len(w) < 20 {
		return st, false
	}
	st.state = w[0][0]
	st.group, _ = strconv.Atoi(string(w[2]))
	st.session, _ = strconv.Atoi(string(w[3]))
	st.start, _ = strconv.ParseUint(string(w[19]), 10, 64)
	return st, true
}

// ticks is now, as starttime in /proc/PID/stat counts: hundredths of a second since boot.
func ticks() uint64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return uint64(t.Nano() / 10_000_000)
}
