package wire

import (
	"bytes"
	"encoding/json"
)

// QuoteID gives a process id as a JSON string, as AppendOutput wants it.
func QuoteID(id string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(id); err != nil {
		return []byte(`""`) // a string always encodes
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}
