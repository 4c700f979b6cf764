package process

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticksPerSecond is the unit of times in /proc (USER_HZ), which is 100 on every
// architecture that Go runs on.
const ticksPerSecond = 100

// Look gives what the system says about a process, false when there is none.
func Look(pid int) (Info, bool, error) {
	st, ok, err := settledStat(pid)
	if !ok || err != nil {
		return Info{}, false, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Info{}, false, err
	}
	all, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Info{}, false, err
	}
	booted, err := parseBootTime(all)
	if err != nil {
		return Info{}, false, fmt.Errorf("read /proc/stat: %w", err)
	}
	started := time.Unix(booted+int64(st.ticks/ticksPerSecond), 0)
	return Info{
		Identity: &Identity{BootID: strings.TrimSpace(string(boot)), StartTicks: st.ticks},
		Started:  started, Text: started.Format(startLayout), Dead: st.zombie(), Stopped: st.state == 'T',
	}, true, nil
}

// stat is what we want of proc_pid_stat(5).
type stat struct {
	state   byte   // field 3: R, S, D, T (stopped), Z (zombie), ...
	threads int    // field 20
	ticks   uint64 // field 22, the start
}

// zombie says that no thread is left but the first, and that one has ended.
func (s stat) zombie() bool { return (s.state == 'Z' || s.state == 'X') && s.threads < 2 }

// settledStat reads once more of a zombie: a process that becomes another program is one
// for a moment, while the thread that does so takes over the first one's place.
func settledStat(pid int) (stat, bool, error) {
	st, ok, err := readStat(pid)
	if ok && st.zombie() {
		return readStat(pid)
	}
	return st, ok, err
}

func readStat(pid int) (stat, bool, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if gone(err) {
		return stat{}, false, nil
	}
	if err != nil {
		return stat{}, false, err
	}
	s, err := parseStat(line)
	if err != nil {
		return stat{}, false, fmt.Errorf("read /proc/%d/stat: %w", pid, err)
	}
	return s, true, nil
}

// Args gives the command line of a process, its words joined by spaces; "" when it has
// none or has gone. A process that is just becoming another program has none for a moment,
// which is waited for.
func Args(pid int) string {
	for range execMoments {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			return ""
		}
		if line := string(bytes.TrimRight(bytes.ReplaceAll(b, []byte{0}, []byte{' '}), " ")); line != "" {
			return line
		}
		if st, ok, err := settledStat(pid); !ok || err != nil || st.zombie() {
			return ""
		}
		time.Sleep(execMoment)
	}
	return ""
}

// How long a process may be on its way into another program: a second in all.
const (
	execMoments = 200
	execMoment  = 5 * time.Millisecond
)

func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) }

// parseStat takes a line apart whose second field, the program's name, may hold anything.
func parseStat(line []byte) (s stat, err error) {
	i := bytes.LastIndexByte(line, ')')
	if i < 0 {
		return s, errors.New("no program name")
	}
	f := bytes.Fields(line[i+1:])
	const first, threads, start = 3, 20, 22
	if len(f) <= start-first || len(f[0]) != 1 {
		return s, fmt.Errorf("%d fields", len(f))
	}
	if s.state = f[0][0]; s.state|0x20 < 'a' || s.state|0x20 > 'z' {
		return stat{}, fmt.Errorf("state %q", s.state)
	}
	if s.threads, err = strconv.Atoi(string(f[threads-first])); err != nil {
		return s, err
	}
	s.ticks, err = strconv.ParseUint(string(f[start-first]), 10, 64)
	return s, err
}

// parseBootTime takes the second of the boot from /proc/stat, as ps does.
func parseBootTime(b []byte) (int64, error) {
	for line := range bytes.Lines(b) {
		if v, ok := bytes.CutPrefix(line, []byte("btime ")); ok {
			return strconv.ParseInt(string(bytes.TrimSpace(v)), 10, 64)
		}
	}
	return 0, errors.New("no btime")
}
