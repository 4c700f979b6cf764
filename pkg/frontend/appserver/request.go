package appserver

import (
	"encoding/json"
	"fmt"
	"strings"

	"codex/pkg/cli/version"
	"codex/pkg/frontend/appserver/local"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// request is one request of a client. Its bytes are those of the message.
type request struct {
	local.Request
	c *conn
}

// request takes a request of the client; notifications of clients mean nothing here.
func (c *conn) request(m *jsonrpc.Request) error {
	s := c.s
	if m.Kind != jsonrpc.KindRequest {
		return nil
	}
	s.opts.Trace.Debug("request", "method", m.Method, "id", string(m.ID))
	r := &request{local.Request{Request: m, Client: c.local, Experimental: c.experimental()}, c}
	entry, ok := s.methods[r.Method]
	switch {
	case r.Method == protocol.MethodInitialize:
		return s.initialize(r)
	case !c.initialized():
		return r.Reply(nil, jsonrpc.Invalidf("Not initialized"))
	case !ok:
		return r.Reply(nil, jsonrpc.Invalidf("Invalid request: unknown variant `%s`: no such method", jsonrpc.Shorten(r.Method)))
	case entry.Experimental && !r.Experimental:
		return r.Reply(nil, jsonrpc.Invalidf("%s requires experimentalApi capability", r.Method))
	case !c.begin(r.ID):
		return r.Reply(nil, jsonrpc.Invalidf("request id %s is that of a request that has no answer yet", jsonrpc.Shorten(string(r.ID))))
	}
	r.Before(func() { c.end(r.ID) })
	if c.busy.Add(1) > maxBusy {
		c.busy.Add(-1)
		return r.Reply(nil, jsonrpc.ErrBusy)
	}
	key := ""
	if entry.Key != nil {
		key = entry.Key(r)
	}
	s.queue.Do(key, func() {
		defer s.tidy(len(r.Params))
		defer c.busy.Add(-1)
		_ = r.Reply(entry.Run(r)) // a client that has gone misses it
	})
	return nil
}

func (s *Server) initialize(r *request) error {
	var p protocol.InitializeParams
	r.Experimental = true // it is this that says so
	if err := r.Decode(&p); err != nil {
		return r.Reply(nil, err)
	}
	name := p.ClientInfo.Name
	switch {
	case r.c.initialized():
		return r.Reply(nil, jsonrpc.Invalidf("Already initialized"))
	case strings.ContainsFunc(name, func(c rune) bool { return c < 0x20 || c == 0x7f }):
		return r.Reply(nil, jsonrpc.Invalidf("Invalid clientInfo.name: '%s'. Must be a valid HTTP header value.", name))
	}
	platform := version.Platform()
	s.mu.Lock()
	// The first client names the process; the daemon's probe never does.
	if s.originator == "" && name != "codex_app_server_daemon" {
		s.originator = name
	}
	s.mu.Unlock()
	res := protocol.InitializeResponse{UserAgent: version.UserAgent(s.origin(), s.getenv, name, p.ClientInfo.Version),
		CodexHome: s.home, PlatformFamily: platform[0], PlatformOs: platform[1]}
	err := r.Reply(res, nil)
	c := r.c
	c.mu.Lock()
	c.client, c.optOut = &p.ClientInfo, map[string]bool{}
	if p.Capabilities != nil {
		c.exp = p.Capabilities.ExperimentalApi
		for _, m := range p.Capabilities.OptOutNotificationMethods {
			c.optOut[m] = true
		}
	}
	c.mu.Unlock()
	for _, w := range s.configWarnings() { // before the client's next request is read: no answer comes earlier
		c.notify(protocol.NoteConfigWarning, w)
	}
	c.notify(protocol.NoteRemoteControlStatusChanged, s.remoteControl())
	return err
}

// noteLine is a notification as a line, for several clients.
func noteLine(method string, params any) []byte {
	line, err := jsonrpc.Marshal(struct {
		Method string `json:"method"`
		Params any    `json:"params"`
	}{method, params})
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", params, err)) // ours, and all of them can be
	}
	return line
}

// threadID gives a thread id in its usual spelling.
func threadID(id string) (string, error) {
	if norm, ok := thread.ParseID(id); ok {
		return norm, nil
	}
	for i, c := range id {
		if !strings.ContainsRune("0123456789abcdefABCDEF-", c) {
			return "", jsonrpc.Invalidf("invalid thread id: invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `%c` at %d", c, i+1)
		}
	}
	return "", jsonrpc.Invalidf("invalid thread id: invalid length: expected length 32 for simple format, found %d", len(id))
}

// raw is a value of ours in JSON.
func raw(v any) json.RawMessage {
	b, err := jsonrpc.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return b
}
