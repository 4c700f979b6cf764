package turn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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

// makerTime is how long who makes memories may take to leave.
const makerTime = time.Second

// maker is the program that makes memories. It works beside the thread, and leaves with it: what
// it has not done is done another time.
type maker struct {
	stdin io.Closer
	gone  chan struct{}
	kill  func()
}

// makeMemories starts it with the first turn of a thread of the user's. Nobody waits for it,
// and what goes wrong is in its log.
func (t *liveThread) makeMemories() {
	o := t.opts
	if t.maker != nil || t.eph || o.PromptInput || o.Agent != nil || o.ClientAuth || o.Memories == nil || !t.cfg.Features.Enabled("memories") {
		return
	}
	r, w, err := os.Pipe() // it leaves when this ends, however that happens
	if err != nil {
		o.Log.Printf("make memories: %v", err)
		return
	}
	ctx, kill := context.WithCancel(context.Background())
	cmd := o.Memories(ctx, "-c", "model_provider="+strconv.Quote(t.cfg.ProviderID), "--model="+t.set.slug, "update", "--until-eof", "--log="+filepath.Join(t.cfg.LogDir, "memories.log"))
	cmd.Dir, cmd.Stdin = t.cfg.Home, r
	watchdog.OwnGroup(cmd)
	t.maker = &maker{stdin: w, gone: make(chan struct{}), kill: kill}
	go func(m *maker) { // ends with the program, which end sees to
		defer close(m.gone)
		defer kill()
		err := cmd.Start()
		r.Close()
		if err != nil {
			o.Log.Printf("make memories: %v", err)
			return
		}
		_ = cmd.Wait() // its log says what went wrong
	}(t.maker)
}

// end has it leave.
func (m *maker) end() {
	if m == nil {
		return
	}
	_ = m.stdin.Close()
	late := time.AfterFunc(makerTime, m.kill)
	defer late.Stop()
	<-m.gone
}
