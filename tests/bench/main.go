// Bench times the same work done by one or more programs with the command line of codex,
// against a scripted model on loopback, and prints medians and paired ratios.
//
//	go run ./tests/bench [-n ROUNDS] [-work LIST] [-flood MIB] [-calls N] [-lines N] [-session MB] NAME=PATH...
//
// The wall time of mcp and plan is that of one call: from the end of the answer that makes it
// to the next request, the median of a turn. mcp calls a tool of a server, plan one of the
// program's own, which does as little.
//
// In each round every program runs once, in turn, and a ratio is the median over the
// rounds of its figure divided by that of the last program, so that drift of the machine
// cancels out: name the peer last. One round runs first and does not count.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

type program struct{ name, path string }

func main() {
	if len(os.Args) == 2 && os.Args[1] == "server" { // of mcp
		if err := serveTool(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := fs.Int("n", 10, "rounds that count")
	works := fs.String("work", "version,sandbox,exec,bigexec,calls,mcp,plan,flood,tuistart,tuikey,tuiflood,tuiresume", "what to time")
	flood := fs.Int("flood", 2, "MiB of text in the flood, in deltas of 16 bytes")
	calls := fs.Int("calls", 20, "calls in the turns of calls, mcp and plan")
	lines := fs.Int("lines", 80_000, "lines of 64 bytes in the answer of tuiflood")
	mb := fs.Int("session", 200, "MB of the session that tuiresume goes on with")
	limit := fs.Duration("limit", 5*time.Minute, "time limit of one run")
	if err := fs.Parse(args); err != nil {
		return err
	}
	var programs []program
	for _, a := range fs.Args() {
		name, path, ok := strings.Cut(a, "=")
		if !ok {
			return fmt.Errorf("%q: want NAME=PATH", a)
		}
		programs = append(programs, program{name, path})
	}
	if len(programs) == 0 {
		return fmt.Errorf("no program given")
	}
	b, err := newBench(*flood, *calls, *lines, *mb, *limit)
	if err != nil {
		return err
	}
	defer b.close()
	fmt.Printf("%-10s %-8s %10s %10s %10s\n", "work", "program", "wall ms", "cpu ms", "rss MB")
	for _, name := range strings.Split(*works, ",") {
		if err := b.compare(name, programs, *rounds); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// compare times one work and prints its lines.
func (b *bench) compare(work string, programs []program, rounds int) error {
	runs := make([][]figures, len(programs))
	for round := range rounds + 1 {
		for i, p := range programs {
			f, err := b.once(work, p)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			if round > 0 {
				runs[i] = append(runs[i], f)
			}
		}
	}
	for i, p := range programs {
		fmt.Printf("%-10s %-8s %10.3f %10.1f %10.1f\n", work, p.name,
			median(runs[i], wall), median(runs[i], cpu), median(runs[i], rss))
	}
	peer := len(programs) - 1
	for i, p := range programs[:peer] {
		fmt.Printf("%-10s %-8s %10.3f %10.3f %10.3f\n", work, p.name+"/"+programs[peer].name,
			ratio(runs[i], runs[peer], wall), ratio(runs[i], runs[peer], cpu), ratio(runs[i], runs[peer], rss))
	}
	return nil
}

// figures of one run: milliseconds, milliseconds, megabytes of the largest process.
type figures struct{ wall, cpu, rss float64 }

func wall(f figures) float64 { return f.wall }
func cpu(f figures) float64  { return f.cpu }
func rss(f figures) float64  { return f.rss }

func median(runs []figures, of func(figures) float64) float64 {
	var v []float64
	for _, f := range runs {
		v = append(v, of(f))
	}
	return middle(v)
}

func ratio(a, b []figures, of func(figures) float64) float64 {
	var v []float64
	for i := range a {
		if d := of(b[i]); d > 0 {
			v = append(v, of(a[i])/d)
		}
	}
	return middle(v)
}

func middle(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
