package server

import (
	"context"
	"fmt"
	"strconv"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/netproxy/keeper"
	"codex/pkg/netproxy/proto"
	"codex/pkg/sandbox"
)

const (
	// maxNotices is how many refused connections a process's output tells of.
	maxNotices = 20
	// noticeQueue is how many may wait to be told; more are left out.
	noticeQueue = 64
)

// network is a process's way out, by the proxy or not at all.
type network struct {
	lease    *keeper.Lease
	refused  chan proto.Attempt
	done     chan struct{} // closed when nothing more can be refused
	reported chan struct{} // closed when everything has been told
}

// prepareNetwork leads a command to the proxy that its policy asks for. When there is
// none to be had, the command has no network and its output says so.
func (s *server) prepareNetwork(p *process, ask bool, spec *sandbox.Spec) {
	if spec.Policy.Proxy == nil {
		return
	}
	n := &network{refused: make(chan proto.Attempt, noticeQueue), done: make(chan struct{}), reported: make(chan struct{})}
	events := keeper.Events{Blocked: func(a proto.Attempt) {
		select {
		case n.refused <- a:
		default:
		}
	}}
	if ask {
		events.Ask = func(ctx context.Context, a proto.Attempt) bool { return s.ask(ctx, p, a) }
	}
	lease, err := s.proxies.Prepare(spec, events)
	if err != nil {
		n.refused <- proto.Attempt{Message: fmt.Sprintf("%v: the command runs without a network", err)}
	}
	n.lease, p.network = lease, n
}

// noticeStream is where a process's output tells of what was refused.
func (p *process) noticeStream() string {
	st := p.child.streams
	return st[len(st)-1].name // standard error, or the only one
}

// report puts refused connections into the output as they come, for few programs say what
// a proxy answers.
func (p *process) report(n *network) {
	defer close(n.reported)
	end := "\n"
	if p.tty {
		end = "\r\n"
	}
	count := 0
	say := func(a proto.Attempt) {
		count++
		text := "codex-sandbox: " + a.Message + end
		if count == maxNotices {
			text += "codex-sandbox: further refused connections are not shown" + end
		}
		if count <= maxNotices {
			p.output(p.noticeStream(), []byte(text))
		}
	}
	for {
		select {
		case a := <-n.refused:
			say(a)
		case <-n.done:
			for len(n.refused) > 0 {
				say(<-n.refused)
			}
			return
		}
	}
}

// close ends the way out. Everything that was refused is in the output then, if report runs.
func (n *network) close() {
	if n == nil {
		return
	}
	n.lease.Close()
	close(n.done)
}

// ask asks the client about a host in no list.
func (s *server) ask(ctx context.Context, p *process, a proto.Attempt) bool {
	answer := make(chan bool, 1)
	id, err := s.questions.Add(answer)
	if err != nil {
		return false
	}
	defer s.questions.Take(id)
	s.out.notify(wire.NotifyNetworkAsk, wire.NetworkAskParams{
		AskID: strconv.FormatInt(id, 10), ProcessID: p.id, Protocol: a.Protocol, Host: a.Host, Port: a.Port})
	select {
	case ok := <-answer:
		return ok
	case <-ctx.Done():
		return false
	}
}

// answer hands the client's answer on. One to a question that is no longer open is not
// an error: the program may have given up.
func (s *server) answer(_ *jsonrpc.Request, p *wire.NetworkAnswerParams) (any, error) {
	id, _ := strconv.ParseInt(p.AskID, 10, 64)
	answer, open := s.questions.Take(id)
	if open {
		answer <- p.Allow
	}
	return wire.NetworkAnswerResult{Open: open}, nil
}
