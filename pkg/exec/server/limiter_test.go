package server

import (
	"fmt"
	"testing"
)

// So many at once, the others in their order, and who brings too much waits.
func TestLimiter(t *testing.T) {
	l := limiter{most: 2, bytes: 100}
	release, begun := make(chan struct{}), make(chan int, 10)
	for i := range 5 {
		l.do(20, func() { begun <- i; <-release })
	}
	if first := <-begun + <-begun; first != 0+1 {
		t.Errorf("0 and 1 come first, not two that make %d", first)
	}
	admitted := make(chan struct{})
	go func() {
		l.do(20, func() {})
		close(admitted)
	}()
	select {
	case i := <-begun:
		t.Errorf("%d is a third", i)
	case <-admitted:
		t.Error("120 bytes wait")
	default:
	}
	close(release)
	<-admitted
	l.do(1000, func() {}) // one job may hold more than all
	l.wait()
	if rest := <-begun + <-begun + <-begun; rest != 2+3+4 {
		t.Errorf("2, 3 and 4 come then, not those that make %d", rest)
	}

	one := limiter{most: 1, bytes: 100}
	order := "" // one job at a time: it needs no lock
	for i := range 9 {
		one.do(1, func() { order += fmt.Sprint(i) })
	}
	one.wait()
	if order != "012345678" {
		t.Errorf("done in the order %s", order)
	}
}
