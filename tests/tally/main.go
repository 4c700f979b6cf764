// Tally reads the output of go test -json on standard input, prints what go test would
// have printed, shortened to failures and the closing line of each package, and ends with
// a line of its own: "N passed, N failed". Tests are counted, subtests too; a package that
// does not build counts as one failure. Exit status: 1 when something failed.
//
//	go test -json ./... | go run ./tests/tally
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

type event struct {
	Action, Package, Test, Output, ImportPath string
}

func main() {
	passed, failed, err := tally(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || err != nil {
		os.Exit(1)
	}
}

func tally(r io.Reader, w io.Writer) (passed, failed int, err error) {
	in := bufio.NewReader(r)
	output := map[string][]string{} // of a test that has not ended, or of a package
	failures := map[string]int{}    // of tests in a package
	for {
		line, rerr := in.ReadString('\n')
		if strings.TrimSpace(line) != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(w, line) // go itself speaking: make, or a broken build
			} else {
				p, f := count(w, e, output, failures)
				passed, failed = passed+p, failed+f
			}
		}
		if errors.Is(rerr, io.EOF) {
			break
		}
		if rerr != nil {
			return passed, failed, rerr
		}
	}
	var left []string
	for key := range output {
		left = append(left, key)
	}
	sort.Strings(left)
	for _, key := range left { // cut off: a crash, or a time limit
		fmt.Fprint(w, strings.Join(output[key], ""))
	}
	return passed, failed, nil
}

func count(w io.Writer, e event, output map[string][]string, failures map[string]int) (passed, failed int) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(w, e.Output)
	case "output":
		if !strings.HasPrefix(e.Output, "=== ") { // RUN, PAUSE, CONT: noise
			output[key] = append(output[key], e.Output)
		}
	case "pass", "skip", "fail":
		lines := output[key]
		delete(output, key)
		switch {
		case e.Test != "" && e.Action == "pass":
			return 1, 0
		case e.Test != "" && e.Action == "fail":
			failures[e.Package]++
			fmt.Fprint(w, strings.Join(lines, ""))
			return 0, 1
		case e.Test == "" && e.Action != "fail":
			if n := len(lines); n > 0 {
				fmt.Fprint(w, lines[n-1])
			}
		case e.Test == "":
			fmt.Fprint(w, strings.Join(lines, ""))
			if failures[e.Package] == 0 {
				return 0, 1
			}
		}
	}
	return 0, 0
}
