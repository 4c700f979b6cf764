package model

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/model/script"
)

type serveCmd struct {
	File      string `arg:"" optional:"" help:"script; without one the demo that is built in"`
	Listen    string `default:"127.0.0.1:0" placeholder:"ADDR" help:"address to listen on (127.0.0.1:0: any free port)"`
	Log       string `placeholder:"FILE" help:"append each request as a line of JSON"`
	PortFile  string `placeholder:"FILE" help:"write the port's number there"`
	Global    bool   `help:"count all requests together, not those of each thread"`
	Stateless bool   `help:"count nothing: read off each request how far its thread is"`
}

// Run serves until SIGINT or SIGTERM, which end it with status 0.
func (c *serveCmd) Run(s Streams) error {
	if c.Global && c.Stateless {
		return exit.Usagef("--global and --stateless exclude each other")
	}
	play, err := load(c.File)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // nobody need keep reading the URL
	ctx, stop := signals()
	defer stop()
	return c.serve(ctx, s, play)
}

func (c *serveCmd) serve(ctx context.Context, s Streams, play *script.Script) error {
	o := script.Options{Global: c.Global, Stateless: c.Stateless}
	if c.Log != "" {
		f, err := os.OpenFile(c.Log, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		defer f.Close()
		o.Log = f
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: script.NewServer(play, o), ReadHeaderTimeout: 30 * time.Second}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	if c.PortFile != "" {
		if err := writePort(c.PortFile, l.Addr()); err != nil {
			l.Close()
			return err
		}
	}
	fmt.Fprintf(s.Stdout, "http://%s/v1\n", l.Addr())
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// writePort writes the number by rename, so that who waits for the file finds it whole.
func writePort(path string, addr net.Addr) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".port-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	port := 0
	if a, ok := addr.(*net.TCPAddr); ok {
		port = a.Port
	}
	_, err = f.WriteString(strconv.Itoa(port))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
