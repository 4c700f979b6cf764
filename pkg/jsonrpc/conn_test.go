package jsonrpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
)

// pair joins two Conns by pipes without room, so that both need an Outbox. Each serves
// until the other's end is closed.
func pair(t *testing.T, a, b Options) (ca, cb *Conn, hangUp func()) {
	t.Helper()
	ar, bw := io.Pipe()
	br, aw := io.Pipe()
	ao, bo := NewOutbox(1000, 1<<20, true), NewOutbox(1000, 1<<20, true)
	ca, cb = NewConn(ao, a), NewConn(bo, b)
	var wg sync.WaitGroup
	wg.Go(func() { ao.Run(NewWriter(aw).WriteLine); aw.Close() })
	wg.Go(func() { bo.Run(NewWriter(bw).WriteLine); bw.Close() })
	wg.Go(func() { ca.Serve(NewReader(ar, 0)) })
	wg.Go(func() { cb.Serve(NewReader(br, 0)) })
	hangUp = func() { ao.Finish(); bo.Finish(); wg.Wait() }
	t.Cleanup(hangUp)
	return ca, cb, hangUp
}

type sumParams struct {
	A int `json:"a"`
	B int `json:"b"`
}

// adder is a server with a table.
func adder() Options {
	methods := map[string]Method[*Request]{
		"sum": {Run: With(func(_ *Request, p *sumParams) (any, error) { return p.A + p.B, nil })},
		"ask": {Run: func(r *Request) (any, error) { // asks back before it answers
			r.Own()
			go func() {
				var n int
				err := r.Conn.Call(context.Background(), "sum", sumParams{20, 3}, &n)
				_ = r.Reply(n, err)
			}()
			return nil, ErrLater
		}},
	}
	return Options{Handle: func(r *Request) error {
		m, ok := methods[r.Method]
		if !ok {
			return r.Reply(nil, Errorf(CodeMethodNotFound, "no %s", r.Method))
		}
		return r.Reply(m.Run(r))
	}}
}

func TestConnBothWays(t *testing.T) {
	a, b, _ := pair(t, adder(), adder())
	var wg sync.WaitGroup
	for i := range 50 {
		for _, c := range []*Conn{a, b} {
			wg.Go(func() {
				var n int
				if err := c.Call(t.Context(), "sum", sumParams{i, 1}, &n); err != nil || n != i+1 {
					t.Errorf("sum: %d, %v", n, err)
				}
				if err := c.Call(t.Context(), "ask", nil, &n); err != nil || n != 23 {
					t.Errorf("ask: %d, %v", n, err)
				}
			})
		}
	}
	wg.Wait()
	var e *Error
	if err := a.Call(t.Context(), "sum", sumParams{}, func(json.RawMessage) error { return errors.New("odd") }); err == nil || !strings.Contains(err.Error(), "odd") {
		t.Errorf("decoding: %v", err)
	}
	if err := a.Call(t.Context(), "none", nil, nil); !errors.As(err, &e) || e.Code != CodeMethodNotFound {
		t.Errorf("unknown method: %v", err)
	}
	if err := a.Call(t.Context(), "sum", map[string]string{"a": "x"}, nil); !errors.As(err, &e) || e.Message != "invalid type: string \"x\", expected i64" {
		t.Errorf("wrong params: %v", err)
	}
	if n := a.Pending() + b.Pending(); n != 0 {
		t.Errorf("%d calls wait", n)
	}
}

func TestConnEnds(t *testing.T) {
	gone := errors.New("gone")
	got := make(chan struct{}, 1)
	mute := Options{Handle: func(*Request) error { got <- struct{}{}; return nil }}
	a, _, hangUp := pair(t, Options{MaxCalls: 2, FirstID: 7, Lost: func(err error) error { return fmt.Errorf("%w: %w", gone, err) }}, mute)

	ctx, cancel := context.WithCancelCause(t.Context())
	call, err := a.Start("m", nil, func(_ json.RawMessage, err error) error { return err })
	if err != nil || call.ID != 7 {
		t.Fatalf("first call: %+v, %v", call, err)
	}
	<-got
	cancel(io.ErrNoProgress)
	if err := call.Wait(ctx); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("after its context: %v", err)
	}
	var order []int64
	for range 2 {
		c := new(*Call)
		*c, err = a.Start("m", nil, func(_ json.RawMessage, err error) error { order = append(order, (*c).ID); return err })
		if err != nil {
			t.Fatal(err)
		}
		call = *c
		<-got
	}
	if _, err := a.Start("m", nil, nil); err != ErrBusy {
		t.Errorf("one too many: %v", err)
	}
	hangUp()
	if err := call.Wait(t.Context()); !errors.Is(err, gone) || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	if err := a.Call(t.Context(), "m", nil, nil); !errors.Is(err, gone) || a.Err() == nil {
		t.Errorf("after the end: %v", err)
	}
	if fmt.Sprint(order) != "[8 9]" {
		t.Errorf("told in the order %v", order)
	}
}

func TestConnLines(t *testing.T) {
	var seen []string
	var out bytes.Buffer
	c := NewConn(NewWriter(&out), Options{
		Raw: func(line []byte) (bool, error) {
			taken := bytes.HasPrefix(line, []byte(`{"hot"`))
			if taken {
				seen = append(seen, "hot")
			}
			return taken, nil
		},
		Handle: func(r *Request) error { seen = append(seen, r.Method+string(r.ID)); return r.Reply(1, nil) },
		Bad: func(line []byte, err error) error {
			seen = append(seen, fmt.Sprintf("bad %t", line == nil))
			return nil
		},
	})
	in := `{"hot":1` + "\n\n" + `{"method":"n"}` + "\nprompt\n" + strings.Repeat("x", 200) + "\n" + `{"id":"r","method":"q"}`
	if err := c.Serve(NewReader(strings.NewReader(in), 100)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(seen, ","); got != `hot,n,bad false,bad true,q"r"` {
		t.Error(got)
	}
	if out.String() != `{"id":"r","result":1}`+"\n" {
		t.Error(out.String())
	}
	strict := NewConn(NewWriter(io.Discard), Options{})
	if err := strict.Serve(NewReader(strings.NewReader("x\n"), 0)); err == nil {
		t.Error("a line that is no message")
	}
}

func TestOutbox(t *testing.T) {
	o := NewOutbox(2, 1<<20, false)
	for i := range 2 {
		if err := o.Write(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Write(2); err != ErrSlow {
		t.Errorf("a peer that does not read: %v", err)
	}
	if err := o.Write(3); err != nil {
		t.Errorf("after the end: %v", err)
	}
	o = NewOutbox(1, 1<<20, true)
	var got []string
	first, go1 := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- o.Run(func(line []byte) error {
			if got = append(got, string(line)); len(got) == 1 {
				close(first)
				<-go1
			}
			return nil
		})
	}()
	o.Write("<a>")
	<-first
	o.Write("b")
	blocked := make(chan struct{})
	go func() { o.Write("c"); close(blocked) }() // waits for room
	close(go1)
	<-blocked
	o.Flush(t.Context())
	o.Finish()
	if err := <-done; err != nil || fmt.Sprint(got) != `["<a>" "b" "c"]` {
		t.Errorf("%v, %v", got, err)
	}
}

func TestQueue(t *testing.T) {
	var q Queue
	var mu sync.Mutex
	got := map[string][]int{}
	for i := range 100 {
		key := fmt.Sprint(i % 3)
		q.Do(key, func() {
			mu.Lock()
			defer mu.Unlock()
			got[key] = append(got[key], i)
		})
	}
	alone := make(chan struct{})
	q.Do("", func() { close(alone) })
	q.Do("waits", func() { <-alone })
	q.Wait()
	for key, all := range got {
		for i := 1; i < len(all); i++ {
			if all[i] < all[i-1] {
				t.Errorf("key %s: %v", key, all)
			}
		}
	}
	if len(got["0"])+len(got["1"])+len(got["2"]) != 100 {
		t.Errorf("lost: %v", got)
	}
}
