// Package script is a model that follows a script: a file says what the k-th answer
// is, and the package plays it as Responses API events, either one request at a time
// (Replay, lines) or as a server on loopback (Server, server-sent events). Demos, tests
// and recordings use it. codex-model(1) describes the file for the people who write it.
//
// A script is a sequence of JSON values, mostly one a line; lines that begin with # are
// comments. A value is one answer: an object, or an array of output items. An answer may
// also be given by its events as they are, so that what a model command prints is itself
// a script.
//
// Ground layer: it imports the standard library, gjson, jsonrpc, responses and, for request
// bodies, klauspost/compress/zstd.
package script

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Script is a parsed file.
type Script struct {
	// Turns are the answers in order.
	Turns []*Turn
	// Compact are the answers to /responses/compact in order.
	Compact []*Turn
}

// Turn is one answer. Its times are milliseconds.
type Turn struct {
	Items []Item            `json:"items"`
	Raw   []json.RawMessage `json:"raw"` // events as they are, instead of Items

	When   string `json:"when"`   // only for requests whose last user message contains it
	Repeat int    `json:"repeat"` // so many requests get it; 0 is 1

	Status  int             `json:"status"` // an HTTP error instead of a stream
	Body    json.RawMessage `json:"body"`   // of the error; a string is sent as text
	Headers Headers         `json:"headers"`

	Usage      json.RawMessage `json:"usage"`    // null for none
	Resp       json.RawMessage `json:"resp"`     // members for the response of the last event
	EndTurn    *bool           `json:"end_turn"` // likewise
	Fail       *Failure        `json:"fail"`     // end with response.failed
	Incomplete string          `json:"incomplete"`

	BeforeMS float64 `json:"before_ms"` // before anything is sent
	DelayMS  float64 `json:"delay_ms"`  // before each event
	Cut      *int    `json:"cut"`       // close the stream after so many events
	Abort    bool    `json:"abort"`     // and break the connection
	Hang     Hang    `json:"hang"`      // keep it open after the last event
	Chunk    int     `json:"chunk"`     // characters a delta

	Exit   int    `json:"exit"`   // a command's status at the end; over HTTP an abort
	Stderr string `json:"stderr"` // what it says there

	line int // in the file, from 1
}

// Item is one piece of an answer: an output item, an event, or a pause.
type Item struct {
	Msg      *Text           `json:"msg"`
	Phase    string          `json:"phase"`
	Reason   Parts           `json:"reason"`   // summary, one or more parts
	Thinking *Text           `json:"thinking"` // raw reasoning text
	Enc      *string         `json:"encrypted"`
	Call     string          `json:"call"`
	NS       string          `json:"ns"`
	Args     json.RawMessage `json:"args"` // an object, or a string sent as it is
	Custom   string          `json:"custom"`
	Input    *Text           `json:"input"`
	Shell    []string        `json:"shell"`
	Search   *string         `json:"search"`
	Item     json.RawMessage `json:"item"` // an output item as it is
	Added    bool            `json:"added"`
	Event    json.RawMessage `json:"event"` // an event as it is
	PauseMS  float64         `json:"pause_ms"`

	ID     string `json:"id"`
	CallID string `json:"call_id"`
	Chunk  int    `json:"chunk"`
	Times  int    `json:"times"` // the text so many times over
}

// Failure is the error of a response.failed event.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Text is a JSON string, or an array of its lines.
type Text string

// UnmarshalJSON joins lines with newlines.
func (t *Text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		var lines []string
		if err := json.Unmarshal(b, &lines); err != nil {
			return err
		}
		*t = Text(strings.Join(lines, "\n"))
		return nil
	}
	return json.Unmarshal(b, (*string)(t))
}

// Parts is a JSON array of strings, or one string.
type Parts []string

// UnmarshalJSON takes both.
func (p *Parts) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]string)(p))
	}
	*p = Parts{""}
	return json.Unmarshal(b, &(*p)[0])
}

// Headers are names and values; a value may be a JSON number or bool too.
type Headers map[string]string

// UnmarshalJSON makes strings of the values.
func (h *Headers) UnmarshalJSON(b []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*h = Headers{}
	for k, v := range raw {
		s := string(v)
		if s[0] == '"' {
			if err := json.Unmarshal(v, &s); err != nil {
				return err
			}
		}
		if strings.ContainsAny(k+s, "\r\n\x00") || k == "" || strings.ContainsAny(k, " :") {
			return fmt.Errorf("bad header %q", k)
		}
		(*h)[k] = s
	}
	return nil
}

// Hang is a time in seconds; HangForever is JSON true.
type Hang float64

// HangForever keeps a stream open until the client leaves.
const HangForever Hang = -1

// UnmarshalJSON takes a number or a bool.
func (h *Hang) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "true":
		*h = HangForever
		return nil
	case "false", "null":
		*h = 0
		return nil
	}
	return json.Unmarshal(b, (*float64)(h))
}
