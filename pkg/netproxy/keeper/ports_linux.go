package keeper

import (
	"os"

	"codex/pkg/netproxy/proto"
	"codex/pkg/sandbox"
)

// The command's loopback interface is its own, so these ports are free. They
// are none that people's servers use.
const (
	portHTTP  = 43128
	portSocks = 48081
)

// ports has the proxy take over what the sandbox listens on.
func (l *Lease) ports(socks bool) (*sandbox.Proxy, error) {
	again := false
	p := &sandbox.Proxy{HTTP: portHTTP, Take: func(web, socks *os.File) error {
		if again { // the first start came to nothing
			if err := l.proxy.call(proto.Close, proto.CloseParams{ID: l.id}, nil); err != nil {
				return err
			}
		}
		again = true
		params := proto.ListenParams{ID: l.id, HTTP: proto.FD}
		files := []*os.File{web}
		defer web.Close()
		if socks != nil {
			params.Socks, files = proto.FD, append(files, socks)
			defer socks.Close()
		}
		return l.proxy.listen(params, files)
	}}
	if socks {
		p.Socks = portSocks
	}
	return p, nil
}
