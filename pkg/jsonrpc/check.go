package jsonrpc

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects from outside may be nested. Decoders recurse;
// nobody who means well comes near it.
const MaxDepth = 512

// Reasons of Check beside a syntax error.
var (
	ErrDepth = fmt.Errorf("nested deeper than %d", MaxDepth)
	ErrUTF8  = errors.New("not valid UTF-8")
)

// Check is the entry for JSON from outside: one value, valid, in UTF-8, of bounded size
// and depth. What passed it may be given to gjson, which trusts its input, and to
// decoders, which recurse.
func Check(b []byte) error {
	switch {
	case len(b) > MaxLine:
		return ErrTooLong
	case !utf8.Valid(b):
		return ErrUTF8
	}
	err := scan(b)
	if err == errSyntax { // its own words are better than ours
		var v json.RawMessage
		err = json.Unmarshal(b, &v)
	}
	return err
}

// Valid says whether Check finds nothing wrong.
func Valid(b []byte) bool { return len(b) <= MaxLine && utf8.Valid(b) && scan(b) == nil }

var errSyntax = errors.New("not valid JSON")

// scan holds the grammar and the depth without recursion.
func scan(b []byte) error {
	var objects [MaxDepth / 64]uint64 // which of the open values are objects
	depth := 0
	i := 0
	for { // each round takes one value, or the beginning of one
		i = skipSpace(b, i)
		if i == len(b) {
			return errSyntax
		}
		switch c := b[i]; c {
		case '{', '[':
			if depth == MaxDepth {
				return ErrDepth
			}
			bit := uint64(1) << (depth % 64)
			objects[depth/64] &^= bit
			if c == '{' {
				objects[depth/64] |= bit
			}
			depth++
			i = skipSpace(b, i+1)
			if i < len(b) && b[i] == c+2 { // the closing bracket of either kind
				break
			}
			if c == '[' {
				continue
			}
			if i = key(b, i); i < 0 {
				return errSyntax
			}
			continue
		default:
			if i = scalar(b, i); i < 0 {
				return errSyntax
			}
		}
		for next := false; !next; { // closing brackets, up to a comma or the end
			i = skipSpace(b, i)
			if depth == 0 {
				if i != len(b) {
					return errSyntax
				}
				return nil
			}
			object := objects[(depth-1)/64]>>((depth-1)%64)&1 == 1
			switch {
			case i == len(b):
				return errSyntax
			case object && b[i] == '}', !object && b[i] == ']':
				depth--
				i++
			case b[i] != ',':
				return errSyntax
			case object:
				if i = key(b, skipSpace(b, i+1)); i < 0 {
					return errSyntax
				}
				next = true
			default:
				i++
				next = true
			}
		}
	}
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// key gives the place after a name and its colon, -1 when there is none.
func key(b []byte, i int) int {
	if i == len(b) || b[i] != '"' {
		return -1
	}
	if i = text(b, i+1); i < 0 {
		return -1
	}
	if i = skipSpace(b, i); i == len(b) || b[i] != ':' {
		return -1
	}
	return i + 1
}

func scalar(b []byte, i int) int {
	switch c := b[i]; {
	case c == '"':
		return text(b, i+1)
	case c == 't':
		return literal(b, i, "true")
	case c == 'f':
		return literal(b, i, "false")
	case c == 'n':
		return literal(b, i, "null")
	}
	return number(b, i)
}

func literal(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

// text gives the place after a string whose opening quote is already gone.
func text(b []byte, i int) int {
	for {
		for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
			i++
		}
		switch {
		case i == len(b), b[i] < ' ':
			return -1
		case b[i] == '"':
			return i + 1
		}
		if i = escape(b, i+1); i < 0 {
			return -1
		}
	}
}

// escape gives the place after an escape whose backslash is already gone.
func escape(b []byte, i int) int {
	if i == len(b) {
		return -1
	}
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	}
	if b[i] != 'u' || len(b)-i < 5 {
		return -1
	}
	for _, h := range b[i+1 : i+5] {
		if !('0' <= h && h <= '9' || 'a' <= h|0x20 && h|0x20 <= 'f') {
			return -1
		}
	}
	return i + 5
}

func number(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	start := i
	if i = digits(b, i); i < 0 || b[start] == '0' && i > start+1 {
		return -1
	}
	if i < len(b) && b[i] == '.' {
		if i = digits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		i = digits(b, i)
	}
	return i
}

// digits takes at least one.
func digits(b []byte, i int) int {
	start := i
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	if i == start {
		return -1
	}
	return i
}
