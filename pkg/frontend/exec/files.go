package exec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
	"codex/pkg/ostext"
	"codex/pkg/protocol"
)

// maxSchema bounds the file of --output-schema.
const maxSchema = 16 << 20

// readSchema reads the file of --output-schema. Any JSON value will do; what is no
// schema the model's server refuses.
func readSchema(name string) (json.RawMessage, error) {
	if name == "" {
		return nil, nil
	}
	data, err := foreign.ReadFile(name, maxSchema)
	if err != nil {
		return nil, complaint(fmt.Sprintf("Failed to read output schema file %s: %s", name, ostext.Of(err)))
	}
	if !utf8.Valid(data) {
		return nil, complaint("Failed to read output schema file " + name + ": stream did not contain valid UTF-8")
	}
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		var v any
		err = json.Unmarshal(data, &v) // the same error, with its position
		return nil, complaint(fmt.Sprintf("Output schema file %s is not valid JSON: %s", name, jsonText(data, err)))
	}
	return out.Bytes(), nil
}

// jsonText adds line and column to an error of package json.
func jsonText(data []byte, err error) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return err.Error()
	}
	before := data[:min(int(syntax.Offset), len(data))]
	line := bytes.Count(before, []byte{'\n'}) + 1
	column := len(before) - 1 - bytes.LastIndexByte(before, '\n')
	if syntax.Error() == "unexpected end of JSON input" {
		err = errors.New("EOF while parsing a value")
	}
	return fmt.Sprintf("%v at line %d column %d", err, line, column)
}

// writeLast writes the last message for -o: no newline at its end, empty when there is
// none.
func (r *run) writeLast(message *string) error {
	name, content := r.args.LastMessageFile, protocol.Value(message)
	if name == "" {
		return nil
	}
	if err := atomicfile.Write(name, 0o666, []byte(content)); err != nil {
		return complaint(fmt.Sprintf("Failed to write last message file %q: %s", name, ostext.Of(err)))
	}
	if strings.TrimSpace(content) == "" {
		fmt.Fprintln(r.Stderr, "Warning: no last agent message; wrote empty content to "+name)
	}
	return nil
}

// inRepository says whether dir or a folder above it holds an entry .git.
func inRepository(dir string) bool {
	for {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return false
		}
		dir = up
	}
}
