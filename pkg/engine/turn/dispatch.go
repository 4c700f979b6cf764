package turn

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// req is a request of the frontend's.
type req struct{ *jsonrpc.Request }

// Decode reads params; permissions may be an object, and tools have types, as newer clients
// write them.
func (r *req) Decode(v any) error {
	if flat, ok := protocol.FlatTools(r.Params); ok {
		r.Params = flat
	}
	err := r.Request.Decode(v)
	if err == nil {
		return nil
	}
	if plain, ok := protocol.PlainPermissions(r.Params); ok {
		r.Params = plain
		return r.Request.Decode(v)
	}
	return err
}

// params is how params are read: the one thread need not be named.
func params() jsonrpc.Decoder {
	return jsonrpc.Decoder{Code: jsonrpc.CodeInvalidRequest, Prefix: "Invalid request: ", MayMiss: []string{"threadId"}}
}

type method = jsonrpc.Method[*req]

// with makes a method of a handler that gets its params decoded.
func with[P any](f func(r *req, p *P) (any, error)) method {
	return method{Run: jsonrpc.With(f)}
}

// ofThread makes one of a handler that works on the thread, which the first such request starts.
func ofThread[P any](s *Server, f func(th *liveThread, r *req, p *P) (any, error)) method {
	return with(func(r *req, p *P) (any, error) {
		th, err := s.mine(gjson.GetBytes(r.Params, "threadId").Str)
		if err != nil {
			return nil, err
		}
		return f(th, r, p)
	})
}

// optional is for methods that need no params.
func optional(m method) method {
	run := m.Run
	m.Run = func(r *req) (any, error) {
		if r.Params == nil {
			r.Params = []byte("{}")
		}
		return run(r)
	}
	return m
}

// methods lists what codex-turn answers, see codex-protocol(5).
func (s *Server) methods() map[string]method {
	return map[string]method{
		protocol.MethodInitialize: with(s.initialize),
		protocol.NoteInitialized:  {Run: func(*req) (any, error) { return struct{}{}, nil }},

		protocol.MethodThreadStart:                        optional(with(s.threadStart)),
		protocol.MethodThreadResume:                       with(s.threadResume),
		protocol.MethodThreadRead:                         with(s.threadRead),
		protocol.MethodThreadLoadedList:                   {Run: s.loadedList},
		protocol.MethodThreadNameSet:                      ofThread(s, s.nameSet),
		protocol.MethodThreadCompactStart:                 ofThread(s, s.compactStart),
		protocol.MethodThreadBackgroundTerminalsClean:     ofThread(s, s.cleanTerminals),
		protocol.MethodThreadBackgroundTerminalsList:      ofThread(s, s.terminals),
		protocol.MethodThreadBackgroundTerminalsTerminate: ofThread(s, s.endTerminal),
		protocol.MethodThreadInjectItems:                  ofThread(s, s.injectItems),
		protocol.MethodThreadShellCommand:                 with(s.shellCommand),
		protocol.MethodThreadSettingsUpdate:               ofThread(s, s.settingsUpdate),
		protocol.MethodThreadRollback:                     ofThread(s, s.rollback),

		protocol.MethodThreadGoalSet:   onGoal(s, s.goalSet),
		protocol.MethodThreadGoalGet:   onGoal(s, s.goalGet),
		protocol.MethodThreadGoalClear: onGoal(s, s.goalClear),

		protocol.MethodMcpServerStatusList:   optional(with(s.mcpStatus)),
		protocol.MethodMcpServerResourceRead: with(s.mcpRead),
		protocol.MethodMcpServerToolCall:     with(s.mcpCall),
		protocol.MethodConfigMcpServerReload: {Run: s.mcpReload},

		protocol.MethodReviewStart:   with(s.reviewStart),
		protocol.MethodTurnStart:     with(s.turnStart),
		protocol.MethodTurnSteer:     with(s.turnSteer),
		protocol.MethodTurnInterrupt: with(s.turnInterrupt),
	}
}

// handle answers one request; a message without an id gets no answer.
func (s *Server) handle(in *jsonrpc.Request) error {
	r := &req{in}
	m, known := s.table[r.Method]
	s.opts.Trace.Debug("request", "method", r.Method)
	switch {
	case s.toAgent(in):
	case !known && r.ID == nil: // a notification that is for others
	case !known:
		s.out.check(r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Invalid request: unknown variant `%s`: codex-turn serves one thread and has no such method", shorten(r.Method))))
	default:
		result, err := m.Run(r)
		if err != nil && r.ID == nil && !errors.Is(err, jsonrpc.ErrLater) {
			fmt.Fprintf(s.opts.Stderr, "codex-turn: %s: %v\n", r.Method, err)
		}
		s.out.check(r.Reply(result, err))
	}
	return nil
}

// refuse answers a line that has no usable id with a null one.
func (s *Server) refuse(err error) {
	s.out.check(s.out.conn.Fail([]byte("null"), err))
}

func invalid(format string, args ...any) error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, format, args...)
}

func internal(err error) error { return jsonrpc.Errorf(jsonrpc.CodeInternal, "%v", err) }

// shorten keeps what a client made up from filling an answer.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
