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
	switch i := end(b, 0, 0); {
	case i == tooDeep:
		return ErrDepth
	case i >= 0 && skipSpace(b, i) == len(b):
		return nil
	}
	var v json.RawMessage // its words are better than ours
	return json.Unmarshal(b, &v)
}

// Valid says whether Check finds nothing wrong.
func Valid(b []byte) bool {
	if len(b) > MaxLine || !utf8.Valid(b) {
		return false
	}
	i := end(b, 0, 0)
	return i >= 0 && skipSpace(b, i) == len(b)
}

// What end and its parts give instead of a place.
const (
	noJSON  = -1
	tooDeep = -2
)

// end gives the place after the value that begins at i, or after space there, and that is
// inside of so many others.
func end(b []byte, i, depth int) int {
	if i = skipSpace(b, i); i == len(b) {
		return noJSON
	}
	open := b[i]
	closing := open + 2 // of either kind
	switch {
	case open != '{' && open != '[':
		return scalar(b, i)
	case depth == MaxDepth:
		return tooDeep
	}
	if i = skipSpace(b, i+1); i < len(b) && b[i] == closing {
		return i + 1
	}
	for {
		if open == '{' {
			if i = key(b, skipSpace(b, i)); i < 0 {
				return i
			}
		}
		if i = end(b, i, depth+1); i < 0 {
			return i
		}
		switch i = skipSpace(b, i); {
		case i == len(b) || b[i] != closing && b[i] != ',':
			return noJSON
		case b[i] == closing:
			return i + 1
		}
		i++
	}
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// key gives the place after a name and its colon.
func key(b []byte, i int) int {
	if i == len(b) || b[i] != '"' {
		return noJSON
	}
	if i = text(b, i+1); i < 0 {
		return noJSON
	}
	if i = skipSpace(b, i); i == len(b) || b[i] != ':' {
		return noJSON
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
		return noJSON
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
			return noJSON
		case b[i] == '"':
			return i + 1
		}
		if i = escape(b, i+1); i < 0 {
			return noJSON
		}
	}
}

// escape gives the place after an escape whose backslash is already gone.
func escape(b []byte, i int) int {
	if i == len(b) {
		return noJSON
	}
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	}
	if b[i] != 'u' || len(b)-i < 5 {
		return noJSON
	}
	for _, h := range b[i+1 : i+5] {
		if !('0' <= h && h <= '9' || 'a' <= h|0x20 && h|0x20 <= 'f') {
			return noJSON
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
		return noJSON
	}
	if i < len(b) && b[i] == '.' {
		if i = digits(b, i+1); i < 0 {
			return noJSON
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
		return noJSON
	}
	return i
}
