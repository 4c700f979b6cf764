package pidfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"codex/pkg/daemon/process"
)

// Record says who runs. The original writes the first two members and ignores others.
type Record struct {
	PID uint32 `json:"pid"`
	// ProcessStartTime is process.Info.Text of the writer's zone.
	ProcessStartTime string            `json:"processStartTime"`
	Identity         *process.Identity `json:"processIdentity,omitempty"`
	// Program is the file that was started, links resolved: it is in the folder of one
	// release. A server of ours tells its clients the version of the protocol only.
	Program string `json:"program,omitempty"`
	// Ending is set some time after SIGTERM: another one would interrupt turns that the
	// first has let go on.
	Ending bool `json:"ending,omitempty"`

	raw []byte // the file as it was read
}

// parse reads a file that is not torn. Its errors say what is wrong in a few words.
func parse(raw []byte) (Record, error) {
	var r struct {
		PID     *json.Number      `json:"pid"`
		Start   *string           `json:"processStartTime"`
		Same    *process.Identity `json:"processIdentity"`
		Program string            `json:"program"`
		Ending  bool              `json:"ending"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return Record{}, err
	}
	switch {
	case r.PID == nil:
		return Record{}, errors.New("missing field `pid`")
	case r.Start == nil:
		return Record{}, errors.New("missing field `processStartTime`")
	}
	n, err := r.PID.Int64()
	if err != nil || n < 0 || n > math.MaxUint32 {
		return Record{}, fmt.Errorf("invalid value: integer `%s`, expected u32", *r.PID)
	}
	if r.Same != nil && r.Same.BootID == "" {
		r.Same = nil // of a system that we do not know
	}
	return Record{uint32(n), *r.Start, r.Same, r.Program, r.Ending, raw}, nil
}

// is says whether the process that info describes is the one on record. Ticks and boot
// tell for sure. A start that fits only in another zone than ours could be a coincidence,
// so the command line must fit as well.
func (r Record) is(info process.Info, args func() string, marks []string) bool {
	if info.Dead {
		return false
	}
	if r.Identity != nil && info.Identity != nil {
		return *r.Identity == *info.Identity
	}
	same, exact := info.StartedAt(r.ProcessStartTime)
	if !same || exact {
		return same
	}
	line := args()
	return slices.ContainsFunc(marks, func(m string) bool { return strings.Contains(line, m) })
}
