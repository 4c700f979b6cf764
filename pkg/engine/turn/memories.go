package turn

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"codex/pkg/engine/instructions"
	"codex/pkg/foreign"
	store "codex/pkg/memories"
	"codex/pkg/watchdog"
)

// memories is what the model is told of earlier sessions, where the settings want that.
func (t *liveThread) memories() string {
	if !t.cfg.UseMemories() {
		return ""
	}
	m := instructions.Memories{Dir: store.Dir(t.cfg.Home)}
	b, more, err := foreign.ReadHead(instructions.SummaryFile(m.Dir), instructions.SummaryBytes)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			t.out.warn(t.id, fmt.Sprintf("Memories cannot be read: %v", err))
		}
		return ""
	}
	m.Summary, m.Cut = strings.ToValidUTF8(string(b), ""), more
	return m.String()
}

// memoryOff is the mode of a thread that feeds no memories, pollutedMemory that of one that has
// looked at something outside where that counts.
const (
	memoryOff      = "disabled"
	pollutedMemory = "polluted"
)

const (
	// makerRest is how long the first turn goes on before memories are made: a session that is
	// over by then gives nobody the time for it.
	makerRest = time.Second
	// makerTime is how long who makes memories may take to leave.
	makerTime = time.Second
)

// maker is the program that makes memories. It works beside the thread, and leaves with it: what
// it has not done is done another time.
type maker struct {
	leave context.CancelFunc
	gone  chan struct{}
}

// makeMemories has it started with the first turn of a thread of the user's. Nobody waits for
// it, and what goes wrong is in its log.
func (t *liveThread) makeMemories() {
	o := t.opts
	if t.maker != nil || t.eph || o.PromptInput || o.Agent != nil || o.ClientAuth || o.Memories == nil || !t.cfg.Features.Enabled("memories") {
		return
	}
	args := []string{"-c", "model_provider=" + strconv.Quote(t.cfg.ProviderID), "--model=" + t.set.slug, "update", "--until-eof", "--log=" + filepath.Join(t.cfg.LogDir, "memories.log")}
	home := t.cfg.Home
	ctx, leave := context.WithCancel(context.Background())
	m := &maker{leave, make(chan struct{})}
	t.maker = m
	go func() { // ends with the program, or before it, when end says so
		defer close(m.gone)
		defer leave()
		rest := time.NewTimer(makerRest)
		defer rest.Stop()
		select {
		case <-rest.C:
		case <-ctx.Done():
			return
		}
		cmd := o.Memories(ctx, args...)
		cmd.Dir = home
		if err := runMaker(cmd); err != nil && ctx.Err() == nil {
			o.Log.Printf("make memories: %v", err)
		}
	}()
}

// runMaker runs the program until it has done what there is, or until its context ends: then
// its input does, and it leaves. That of this process ends it as well, however that happens.
func runMaker(cmd *exec.Cmd) error {
	watchdog.OwnGroup(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	cmd.Cancel, cmd.WaitDelay = stdin.Close, makerTime
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = cmd.Wait() // its log says what went wrong
	return nil
}

// end has it leave.
func (m *maker) end() {
	if m != nil {
		m.leave()
		<-m.gone
	}
}
