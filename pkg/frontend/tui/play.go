package tui

import (
	"bytes"
	"io"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/loop"
	"codex/pkg/jsonrpc"
)

// play reads a recording from standard input, at its own pace as far as it tells one.
func (r *run) play() *loop.Engine {
	paced := &pacer{in: jsonrpc.NewReader(r.Stdin, 0), speed: r.args.Speed, sleep: time.Sleep}
	return &loop.Engine{In: jsonrpc.NewReader(paced, 0), Ended: func() error { return nil }}
}

// pacer gives lines when it is their time: notifications that carry one wait as long
// after each other as they did, at most maxPause. A delta has no time of its own; some
// microseconds for each byte make it look like typing.
type pacer struct {
	in    *jsonrpc.Reader
	speed float64 // 0: no waiting
	sleep func(time.Duration)
	last  int64 // ms
	rest  []byte
}

const (
	maxPause  = 3 * time.Second
	typeSpeed = 150 * time.Microsecond // for a byte
)

func (p *pacer) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		line, err := p.in.ReadLine()
		if err != nil {
			return 0, io.EOF
		}
		p.wait(line)
		p.rest = append(bytes.Clone(line), '\n')
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *pacer) wait(line []byte) {
	if p.speed <= 0 {
		return
	}
	pause := time.Duration(0)
	params := gjson.GetBytes(line, "params")
	if d := params.Get("delta"); d.Exists() {
		pause = min(maxPause, time.Duration(len(d.Str))*typeSpeed)
	}
	for _, key := range []string{"startedAtMs", "completedAtMs"} {
		at := params.Get(key).Int()
		if at == 0 {
			continue
		}
		if p.last > 0 && at > p.last {
			pause = min(maxPause, time.Duration(at-p.last)*time.Millisecond)
		}
		p.last = at
	}
	p.sleep(time.Duration(float64(pause) / p.speed))
}
