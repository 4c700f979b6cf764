package turn

import (
	"codex/pkg/engine/item"
	"codex/pkg/protocol"
)

// injectItems puts Responses items into the history. While a turn runs they wait for its
// next request, and if there is none, for its end.
func (s *Server) injectItems(th *liveThread, r *req, p *protocol.ThreadInjectItemsParams) (any, error) {
	if len(p.Items) == 0 {
		return nil, invalid("items must not be empty")
	}
	items, err := item.Foreign(p.Items)
	if err != nil {
		return nil, invalid("%v", err)
	}
	th.mu.Lock()
	defer th.mu.Unlock()
	all := pending{items: items, quiet: true} // all of them or none
	if r := th.running; r == nil {
		th.push(items...)
	} else if took, err := r.add(all); err != nil {
		return nil, err
	} else if !took { // it is about to leave, and takes this along
		r.pending = append(r.pending, all)
	}
	return protocol.ThreadInjectItemsResponse{}, nil
}
