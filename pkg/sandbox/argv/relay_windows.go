package argv

import (
	"time"

	"codex/pkg/sandbox"
)

type relay struct{}

func listen(bool, time.Duration) *relay { return nil }

func (*relay) to(*sandbox.Cmd) {}
