package responses

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tidwall/gjson"
)

func TestScanner(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		lines    bool
		want     []string
	}{
		{"plain", "event: a\ndata: {\"x\":1}\n\ndata: {}\n\n", false, []string{`{"x":1}`, `{}`}},
		{"no space, crlf", "data:{\"x\":1}\r\n\r\n", false, []string{`{"x":1}`}},
		{"comments and ids", ": hi\n\nid: 4\nretry: 5\ndata: {}\n: more\n\n", false, []string{`{}`}},
		{"joined", "data: {\"x\":\ndata: 1\ndata: }\n\n", false, []string{"{\"x\":\n1\n}"}},
		{"no empty lines", "event: a\ndata: {\"x\":1}\nevent: b\ndata: {\"x\":2}\ndata: {\"x\":\ndata: 3}\n", false, []string{`{"x":1}`, `{"x":2}`, "{\"x\":\n3}"}},
		{"name behind the data", "data: {}\nevent: a\n\ndata: {}\nevent: b\n\n", false, []string{`{}`, `{}`}},
		{"byte order mark", "\xef\xbb\xbfdata: {}\n\n", false, []string{`{}`}},
		{"cut after the line", "data: {}\n", false, []string{`{}`}},
		{"cut in the line", "data: {}", false, []string{`{}`}},
		{"cut in the JSON", "data: {\"x\"", false, nil},
		{"nothing", "", false, nil},
		{"lines", "{\"x\":1}\n\nnoise\n {} \ndata: {\"y\":2}\nevent: z\n", true, []string{`{"x":1}`, `{}`, `{"y":2}`}},
		{"lines, no newline", "{\"x\":1}", true, []string{`{"x":1}`}},
		{"lines, cut", "{}\n{\"x\":1", true, []string{`{}`}},
	} {
		for way, r := range map[string]io.Reader{
			"whole":   strings.NewReader(tt.in),
			"by byte": iotest.OneByteReader(strings.NewReader(tt.in)),
			"and err": iotest.DataErrReader(strings.NewReader(tt.in)),
		} {
			sc := newScanner(r, tt.lines, nil)
			sc.buf = make([]byte, 3)
			var got []string
			for {
				d, err := sc.next()
				if err != nil {
					if err != io.EOF {
						t.Errorf("%s %s: %v", tt.name, way, err)
					}
					break
				}
				got = append(got, string(d))
			}
			if strings.Join(got, "|") != strings.Join(tt.want, "|") {
				t.Errorf("%s %s: got %q, want %q", tt.name, way, got, tt.want)
			}
		}
	}
}

// The idle clock is started anew before each read: whatever came, a comment too, is a
// sign of life.
func TestScannerWaits(t *testing.T) {
	const in = ": ping\n\n: ping\n\ndata: {}\n\n"
	n := 0
	sc := newScanner(iotest.OneByteReader(strings.NewReader(in)), false, func() { n++ })
	if d, err := sc.next(); string(d) != "{}" || err != nil || n != len(in) {
		t.Errorf("%q, %v, %d waits", d, err, n)
	}
}

func TestScannerBound(t *testing.T) {
	for name, in := range map[string]string{
		"line":     "data: " + strings.Repeat("x", 100) + "\n\n",
		"lines":    strings.Repeat("data: xxxxxxxx\n", 10) + "\n",
		"comments": strings.Repeat(": xxxxxxxx\n", 10),
	} {
		sc := newScanner(iotest.OneByteReader(strings.NewReader(in)), false, nil)
		sc.buf, sc.max = make([]byte, 16), 64
		_, err := sc.next()
		if name == "comments" { // they aren't kept
			if err != io.EOF {
				t.Error(err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "event too long: over 64 bytes") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEventType(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"response.completed","x":1}`:            "response.completed",
		`{"type": "response.completed", "x": 1}`:         "response.completed",
		`{"x":1,"type":"response.created"}`:              "response.created",
		`{"x": 1, "type": "response.created"}`:           "response.created",
		`{"item":{"type":"message"},"type":"a.b"}`:       "a.b",
		`{"item":{"type":"message"},"type":"a.b","z":0}`: "a.b",
		`{"type":"a.b","item":{"x":1,"type":"message"}}`: "a.b",
		`{"item":{"x":1,"type":"message"}}`:              "",
		`{"delta":",\"type\":\"x\"}","type":"a.b"}`:      "a.b",
		`{"delta":",\"type\":\"x\"}"}`:                   "",
		`{"type":7}`:                                     "", `{"type":""}`: "", `{}`: "", `[]`: "", ``: "", `"type"`: "", `{"type":"`: "",
		`{ "type" : "a.b" }`: "a.b",
	} {
		if got := string(eventType([]byte(in))); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

// FuzzSSE checks that no stream breaks the scanner, that it finds the same events
// however the bytes arrive, and that the fast way to the type agrees with the slow one.
func FuzzSSE(f *testing.F) {
	for _, s := range []string{
		"event: a\ndata: {\"type\":\"response.created\"}\n\n", "data: {\ndata: }\n\n", "\xef\xbb\xbfdata: {}", "\r\n\r\n",
		"data: {\"x\":{\"type\":\"y\"},\"type\":\"response.completed\"}\r\n\r\n", "{\"type\":\"z\"}\n{\n",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, lines bool) {
		read := func(r io.Reader) (all []string) {
			sc := newScanner(r, lines, nil)
			sc.buf = make([]byte, 8)
			for {
				d, err := sc.next()
				if err != nil {
					return all
				}
				if typ := eventType(d); gjson.ValidBytes(d) {
					if want := gjson.GetBytes(d, "type"); typ != nil && (want.Type != gjson.String || want.Raw != `"`+string(typ)+`"`) &&
						strings.Count(string(d), `"type"`) == 1 && !bytes.ContainsRune(d, '\\') {
						t.Fatalf("type of %q: %q", d, typ)
					}
				}
				all = append(all, string(d))
			}
		}
		a, b := read(bytes.NewReader(in)), read(iotest.OneByteReader(bytes.NewReader(in)))
		if strings.Join(a, "\x00") != strings.Join(b, "\x00") {
			t.Fatalf("%q\n%q", a, b)
		}
	})
}

func floodBody(n int) []byte {
	one := "event: response.output_text.delta\ndata: " +
		`{"content_index":0,"delta":"lorem ipsum dol\n","item_id":"msg_b","output_index":0,"type":"response.output_text.delta"}` + "\n\n"
	full := strings.Repeat(`lorem ipsum dol\n`, n)
	return []byte("data: " + `{"item":{"content":[],"id":"msg_b","role":"assistant","type":"message"},"output_index":0,"type":"response.output_item.added"}` + "\n\n" +
		strings.Repeat(one, n) +
		"data: " + `{"content_index":0,"item_id":"msg_b","output_index":0,"text":"` + full + `","type":"response.output_text.done"}` + "\n\n" +
		"data: " + `{"item":{"content":[{"text":"` + full + `","type":"output_text"}],"id":"msg_b","role":"assistant","type":"message"},"output_index":0,"type":"response.output_item.done"}` + "\n\n" +
		"data: " + `{"type":"response.completed","response":{"id":"r"}}` + "\n\n")
}

func TestNoAllocation(t *testing.T) {
	body := floodBody(1000)
	c := NewClient(Endpoint{})
	n := 0
	s := &stream{c: c, onEvent: func(e Event) error { n++; return nil }}
	r := bytes.NewReader(body)
	s.sc = newScanner(r, false, nil)
	buf := s.sc.buf
	allocs := testing.AllocsPerRun(10, func() {
		r.Reset(body)
		*s.sc = scanner{r: r, max: maxEvent, buf: buf}
		s.ans = assembler{}
		if err := s.run(); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 100 || n != 11*1004 { // for the item, not for each delta
		t.Errorf("%v allocations, %d events", allocs, n)
	}
}

// BenchmarkFlood is 131,072 deltas of 16 bytes over HTTP from this process, or from the
// server whose base URL is in FLOOD_URL.
func BenchmarkFlood(b *testing.B) {
	url := os.Getenv("FLOOD_URL")
	if url == "" {
		body := floodBody(131072)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			for p := body; len(p) > 0; {
				n := min(256<<10, len(p))
				w.Write(p[:n])
				p = p[n:]
			}
		}))
		defer srv.Close()
		url = srv.URL
	}
	for name, skip := range map[string]bool{"dropped": true, "handed": false} {
		b.Run(name, func(b *testing.B) {
			c := NewClient(Endpoint{BaseURL: url})
			defer c.Close()
			if skip {
				c.Skip = func(t []byte) bool { return string(t) == "response.output_text.delta" }
			}
			before := cpuTime()
			for b.Loop() {
				n := 0
				if err := c.Stream(context.Background(), Request{Body: []byte("{}")}, nil, func(Event) error { n++; return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpuTime()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}
