package tty

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
	"golang.org/x/term"
)

func open() (in, out *os.File, err error) {
	if in, err = os.OpenFile("CONIN$", os.O_RDWR, 0); err != nil {
		return nil, nil, fmt.Errorf("open the console: %w", err)
	}
	if out, err = os.OpenFile("CONOUT$", os.O_RDWR, 0); err != nil {
		in.Close()
		return nil, nil, fmt.Errorf("open the console: %w", err)
	}
	return in, out, nil
}

// makeRaw also makes the console read and write sequences.
func makeRaw(in, out *os.File) (*term.State, error) {
	s, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	var mode uint32
	h := windows.Handle(in.Fd())
	if err := windows.GetConsoleMode(h, &mode); err != nil {
		return nil, err
	}
	if err := windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_INPUT); err != nil {
		return nil, err
	}
	h = windows.Handle(out.Fd())
	if err := windows.GetConsoleMode(h, &mode); err != nil {
		return nil, err
	}
	return s, windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING|windows.DISABLE_NEWLINE_AUTO_RETURN)
}

func restore(in *os.File, s *term.State) { _ = term.Restore(int(in.Fd()), s) }

func waiting(*os.File) int { return 0 }

func write(out *os.File, s string) { _, _ = out.WriteString(s) }

// canceller is an event that ends waiting.
type canceller struct{ event windows.Handle }

func newCanceller() (*canceller, error) {
	e, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return nil, fmt.Errorf("make an event: %w", err)
	}
	return &canceller{e}, nil
}

func (c *canceller) wait(in *os.File) error {
	n, err := windows.WaitForMultipleObjects([]windows.Handle{c.event, windows.Handle(in.Fd())}, false, windows.INFINITE)
	switch {
	case err != nil:
		return fmt.Errorf("wait for the console: %w", err)
	case n == windows.WAIT_OBJECT_0:
		return ErrCancelled
	}
	return nil
}

func (c *canceller) cancel() { _ = windows.SetEvent(c.event) }
func (c *canceller) resume() { _ = windows.ResetEvent(c.event) }
func (c *canceller) close()  { _ = windows.CloseHandle(c.event) }

// Suspend cannot be done: the system has no job control.
func Suspend() error { return errors.New("this system cannot suspend a program") }
