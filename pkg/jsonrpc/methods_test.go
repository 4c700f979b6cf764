package jsonrpc

import (
	"errors"
	"testing"
)

// failing takes nothing.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("broken") }

// TestAfter: what a request has begun goes on, whether its answer is heard or not.
func TestAfter(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error // the answer
		ran  bool
	}{{"an answer", nil, true}, {"an error", errors.New("no"), false}} {
		ran := false
		r := &Request{Conn: NewConn(NewWriter(failing{}), Options{}), Message: Message{ID: []byte("1")}}
		r.After(func() { ran = true })
		if err := r.Reply(1, c.err); err == nil || ran != c.ran {
			t.Errorf("%s: %v, the rest ran: %t", c.name, err, ran)
		}
	}
}
