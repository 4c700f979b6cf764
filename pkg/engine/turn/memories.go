package turn

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"codex/pkg/engine/instructions"
	"codex/pkg/foreign"
)

// memories is what the model is told of earlier sessions, where the settings want that.
func (t *liveThread) memories() string {
	if !t.cfg.UseMemories() {
		return ""
	}
	m := instructions.Memories{Dir: filepath.Join(t.cfg.Home, "memories")}
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
