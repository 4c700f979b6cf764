package client

import (
	"context"

	"codex/pkg/exec/wire"
)

// NetworkQuestion is a connection that waits for a decision: the host is in no list of
// the profile's network proxy.
type NetworkQuestion struct {
	Protocol string // http, https_connect or socks5_tcp
	Host     string
	Port     uint16
}

// ask has the process's owner decide, beside the reader. It ends with the answer, or with
// the process.
func (c *Client) ask(v wire.NetworkAskParams) error {
	p := c.process(v.ProcessID)
	if p == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		select {
		case <-p.closed:
		case <-ctx.Done():
		}
	}()
	go func() {
		defer cancel()
		allow := p.askNetwork != nil && p.askNetwork(ctx, NetworkQuestion{Protocol: v.Protocol, Host: v.Host, Port: v.Port})
		c.post(wire.MethodNetworkAnswer, wire.NetworkAnswerParams{AskID: v.AskID, Allow: allow})
	}()
	return nil
}
