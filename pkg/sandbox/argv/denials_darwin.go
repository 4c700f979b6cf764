package argv

import (
	"context"

	"codex/pkg/sandbox/seatbelt"
)

func listenForDenials(ctx context.Context) (denials, error) { return seatbelt.Watch(ctx) }
