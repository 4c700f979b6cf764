package exec

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

var resolved = sync.OnceValues(func() (*jsonschema.Resolved, error) {
	var s jsonschema.Schema
	if err := json.Unmarshal([]byte(eventSchema), &s); err != nil {
		return nil, err
	}
	return s.Resolve(nil)
})

// validate checks every line of --json against the schema that --schema prints.
func validate(t *testing.T, lines string) {
	t.Helper()
	schema, err := resolved()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.SplitAfter(lines, "\n") {
		if line == "" {
			continue
		}
		if !strings.HasSuffix(line, "\n") {
			t.Errorf("line without its end: %s", line)
		}
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Errorf("%s: %v", line, err)
		} else if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
