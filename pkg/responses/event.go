package responses

import (
	"bytes"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// eventType finds the top-level "type" of an event, nil when there is none. Servers
// write it first, or last when they sort their keys; both are found without reading what
// lies between. The answer is right for valid JSON: the string that closes the last
// member of the outermost object can't be inside another value.
func eventType(data []byte) []byte {
	if len(data) == 0 || data[0] != '{' {
		return nil
	}
	if t := typeFirst(data); t != nil {
		return t
	}
	if t := typeLast(data); t != nil {
		return t
	}
	r := gjson.GetBytes(data, "type")
	if r.Type != gjson.String || len(r.Raw) < 3 {
		return nil
	}
	if r.Index <= 0 {
		return []byte(r.Str)
	}
	return data[r.Index+1 : r.Index+len(r.Raw)-1]
}

func typeFirst(data []byte) []byte {
	const key = `{"type":`
	if len(data) < len(key)+3 || string(data[:len(key)]) != key {
		return nil
	}
	v := data[len(key):]
	if v[0] == ' ' {
		v = v[1:]
	}
	if v[0] != '"' {
		return nil
	}
	return name(v[1:])
}

// name cuts a type name at its closing quote.
func name(v []byte) []byte {
	for i, b := range v {
		if b == '"' && i > 0 {
			return v[:i]
		}
		if !nameByte(b) {
			return nil
		}
	}
	return nil
}

func nameByte(b byte) bool {
	return b >= 'a' && b <= 'z' || b == '.' || b == '_' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '-'
}

func typeLast(data []byte) []byte {
	const key = `"type":`
	n := len(data)
	if n < len(key)+5 || data[n-1] != '}' || data[n-2] != '"' {
		return nil
	}
	hi := n - 2
	lo := hi
	for lo > 0 && nameByte(data[lo-1]) {
		lo--
	}
	if lo == hi || lo < len(key)+2 || data[lo-1] != '"' {
		return nil
	}
	k := lo - 1
	if data[k-1] == ' ' {
		k--
	}
	if k < len(key)+1 || string(data[k-len(key):k]) != key {
		return nil
	}
	switch k -= len(key); data[k-1] {
	case ',', '{':
		return data[lo:hi]
	case ' ':
		if k >= 2 && data[k-2] == ',' {
			return data[lo:hi]
		}
	}
	return nil
}

// repaired is data in UTF-8.
func repaired(data []byte) []byte {
	if utf8.Valid(data) {
		return data
	}
	return bytes.ToValidUTF8(data, []byte("\ufffd"))
}

// whole says whether data is JSON once it is repaired.
func whole(data []byte) bool { return jsonrpc.Valid(repaired(data)) }
