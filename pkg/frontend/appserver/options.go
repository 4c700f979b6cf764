package appserver

import (
	"cmp"
	"log"
	"os"
	"time"

	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/rustlog"
	"codex/pkg/termtext"
)

// Options are everything a Server needs from outside.
type Options struct {
	// Config holds the environment and the options of the command line.
	Config   config.Options
	Engine   pipeline.Command // codex-turn with its arguments
	Executor []string         // argv of codex-sandbox serve
	Login    string           // path of codex-login
	Model    string           // path of codex-model
	Notify   string           // path of codex-notify
	MCP      string           // path of codex-mcp; "" lets engines find it
	Environ  []string
	// Originator begins the user agent; "" takes the name of the first client.
	Originator string
	// Stderr is for people, and what children get as theirs.
	Stderr *os.File
	Log    *log.Logger
	Trace  *rustlog.Log // what RUST_LOG asks for, nil for nothing
	Now    func() time.Time
	// Linger is how long an engine without work is kept, 0 for a minute: it costs some
	// megabytes, and its successor some milliseconds.
	Linger time.Duration
	// Unload is how long a thread without subscribers and work stays loaded, 0 for half
	// an hour.
	Unload time.Duration
	// Grace bounds the wait for children at the end, 0 for 5 seconds.
	Grace time.Duration
}

func (o *Options) fill() {
	set := func(d *time.Duration, def time.Duration) {
		*d = cmp.Or(*d, def)
	}
	set(&o.Linger, time.Minute)
	set(&o.Unload, 30*time.Minute)
	set(&o.Grace, 5*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	if o.Log == nil {
		o.Log = log.New(termtext.Stream(o.Stderr), "codex-app-server: ", 0)
	}
}

const (
	// maxBusy is how many requests of one client may wait.
	maxBusy = 128
	// maxPending is how many requests one engine may have open.
	maxPending = 128
	// maxLine bounds a message: images come as data URLs.
	maxLine = 256 << 20
	// hugeLine is a message whose memory is given back soon after it.
	hugeLine = 16 << 20
	tidyTime = 200 * time.Millisecond
)
