package relay

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

func TestTarget(t *testing.T) {
	for _, tc := range []struct {
		url    string
		own    bool
		socket string
	}{
		{"https://chatgpt.com/backend-api", false, "wss://chatgpt.com/backend-api/wham/remote/control/server"},
		{"https://chatgpt.com/backend-api/", false, "wss://chatgpt.com/backend-api/wham/remote/control/server"},
		{"https://api.chatgpt-staging.com/backend-api", false, "wss://api.chatgpt-staging.com/backend-api/wham/remote/control/server"},
		{"http://localhost:8080/backend-api", false, "ws://localhost:8080/backend-api/wham/remote/control/server"},
		{"http://[::1]:8080", false, "ws://[::1]:8080/wham/remote/control/server"},
		{"https://relay.example/x", true, "wss://relay.example/x/wham/remote/control/server"},
		{"http://chatgpt.com/backend-api", false, ""}, {"https://example.com/backend-api", false, ""}, {"https://chatgpt.com.evil.com/backend-api", false, ""},
		{"https://evilchatgpt.com/backend-api", false, ""}, {"https://foo.localhost/x", false, ""}, {"http://relay.example/x", true, ""}, {"https://", true, ""}, {"%", false, ""},
	} {
		got, err := parseTarget(tc.url, tc.own)
		if got.socket != tc.socket || (err == nil) != (tc.socket != "") {
			t.Errorf("%s: %s %v", tc.url, got.socket, err)
		}
	}
}

// FuzzReceive holds that no frame of a relay can bring the machine down, and that what it
// keeps is bounded.
func FuzzReceive(f *testing.F) {
	for _, seed := range []string{`{"type":"client_message","client_id":"c","stream_id":"s","seq_id":0,"message":` + hello + `}`, `{"type":"ack","client_id":"c","stream_id":"s","seq_id":18446744073709551615,"segment_id":-3}`,
		`{"type":"client_message_chunk","client_id":"c","stream_id":"s","seq_id":2,"segment_id":0,"segment_count":1,"message_size_bytes":2,"message_chunk_base64":"e30="}`, `{"type":"ping","client_id":"c"}`,
		`{"type":"client_closed","client_id":"c"}`, `{"type":"client_message","client_id":"0"}`, `{"type":"client_message_chunk","client_id":"c","seq_id":1,"segment_id":0,"segment_count":1024,"message_size_bytes":104857600,"message_chunk_base64":""}`} {
		f.Add([]byte(seed))
	}
	h := newHub(func(s *Stream) {
		for {
			if _, err := s.Read(); err != nil {
				return
			}
		}
	}, time.Now)
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := parseEnvelope(data)
		if err != nil {
			return
		}
		_ = h.receive(e)
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.parts.bytes > messageMost || h.parts.bytes < 0 || len(h.streams) > streamsMost || h.sent > len(h.frames) {
			t.Errorf("%d bytes of segments, %d streams", h.parts.bytes, len(h.streams))
		}
	})
}

func TestFramesAreJSON(t *testing.T) {
	for _, n := range []int{10, segmentTarget, 3 * segmentTarget} {
		out, err := frames(key{`c"`, "s\n"}, 7, []byte(`"`+strings.Repeat("x", n)+`"`))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range out {
			if !json.Valid(f.data) || len(f.data) > segmentTarget || gjson.GetBytes(f.data, "client_id").Str != `c"` {
				t.Errorf("%.200s", f.data)
			}
		}
	}
	if _, err := frames(key{"c", "s"}, 1, make([]byte, messageMost+1)); err == nil {
		t.Error("a message without bound")
	}
}
