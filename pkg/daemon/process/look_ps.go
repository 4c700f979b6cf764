//go:build unix && !linux

package process

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Look gives what ps says about a process, false when there is none.
func Look(pid int) (Info, bool, error) {
	out, err := ps(pid, "stat=", "lstart=")
	var status *exec.ExitError
	if errors.As(err, &status) {
		return Info{}, false, nil // ps ends so when it has nothing to show
	}
	if err != nil {
		return Info{}, false, fmt.Errorf("failed to invoke ps for pid-managed app server: %w", err)
	}
	state, text, _ := strings.Cut(strings.TrimSpace(out), " ")
	text = strings.TrimSpace(text)
	if state == "" || text == "" {
		return Info{}, false, nil
	}
	info := Info{Text: text, Dead: state[0] == 'Z', Stopped: state[0] == 'T'}
	if t, err := time.ParseInLocation(startLayout, text, time.Local); err == nil {
		info.Started = t // in another language there is only the text
	}
	return info, true, nil
}

// Args gives the command line of a process; "" when it has none or has gone.
func Args(pid int) string {
	out, err := ps(pid, "command=")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(out)
}

func ps(pid int, columns ...string) (string, error) {
	args := []string{"-p", strconv.Itoa(pid)}
	for _, c := range columns {
		args = append(args, "-o", c)
	}
	out, err := exec.Command("ps", args...).Output()
	return string(out), err
}
