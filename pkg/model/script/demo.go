package script

import (
	"bytes"
	_ "embed" // for the script
	"fmt"
)

//go:embed demo.jsonl
var demo []byte

// Demo is the embedded script: it repairs a greeting in the folder examples/demo.
func Demo() (*Script, error) {
	s, err := Parse(bytes.NewReader(bytes.Clone(demo)))
	if err != nil {
		return nil, fmt.Errorf("embedded script: %w", err)
	}
	return s, nil
}
