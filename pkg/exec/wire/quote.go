package wire

import "codex/pkg/jsonrpc"

// QuoteID gives a process id as a JSON string, as AppendOutput wants it.
func QuoteID(id string) []byte {
	b, err := jsonrpc.Marshal(id)
	if err != nil {
		return []byte(`""`) // a string always encodes
	}
	return b
}
