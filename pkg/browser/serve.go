package browser

import (
	"context"
	"net"
	"net/http"
	"time"
)

const (
	headerTime = 10 * time.Second // for a request to arrive
	maxHeader  = 64 << 10
	lastAnswer = time.Second
)

// Serve answers who comes to ln, until stop is called: the browser still gets an answer
// that is under way, unless it takes too long.
func Serve(ln net.Listener, h http.Handler) (stop func()) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: headerTime, MaxHeaderBytes: maxHeader}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = srv.Serve(ln) // it ends when it is stopped
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), lastAnswer)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			srv.Close()
		}
		<-ended
	}
}
