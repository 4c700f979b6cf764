//go:build unix

// Package captures holds the parity of codex exec with the original: each case is a
// scripted conversation, and what the original 0.133.0 was seen to do in it. The
// original is not needed to run the tests.
//
// testdata/NAME.json holds cases, testdata/NAME.want.json what the original did,
// testdata/differences.json what ours does otherwise on purpose.
//
//	go test ./tests/captures -run 'Captures/patch'       # one case
//	go test ./tests/captures -peer /path/to/codex        # answers of a living original
//	go test ./tests/captures -peer /path/to/codex -record -run Captures/NAME
package captures

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"codex/tests/programs"
)

var (
	peer   = flag.String("peer", "", "program of the original; cases are put to it too, instead of the stored answers")
	record = flag.Bool("record", false, "with -peer: store its answers")
	keep   = flag.Bool("keep", false, "keep the folders of the runs")
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run runs the cases. They mostly wait, so more of them run at a time than there are
// processors.
func run(m *testing.M) int {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("8"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return programs.Run(m, &binaries)
}
