package daemon

import (
	"context"
	"errors"
)

var errWindows = errors.New("codex app-server daemon lifecycle is only supported on Unix platforms")

func (p Process) do(context.Context, flags) error { return errWindows }
func (p Process) gate() error                     { return errWindows }
