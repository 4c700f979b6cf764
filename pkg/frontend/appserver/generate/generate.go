// Package generate writes the protocol's JSON Schema and TypeScript types to files, as
// the generate-* commands of codex-app-server do. It is apart from appserver so that only
// the program links the schemas.
//
// It imports atomicfile and protocol/schema.
package generate

import (
	"fmt"
	"os"
	"path/filepath"

	"codex/pkg/atomicfile"
	"codex/pkg/protocol/schema"
)

// Write makes the files of a kind, "json" or "ts", below dir.
func Write(kind, dir string, experimental bool) error {
	files := schema.Generate(experimental)
	if kind == "ts" {
		var err error
		if files, err = TypeScript(files); err != nil {
			return fmt.Errorf("make types: %w", err)
		}
	}
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return fmt.Errorf("write schemas: %w", err)
		}
		if err := atomicfile.Write(path, 0o666, data, []byte{'\n'}); err != nil {
			return fmt.Errorf("write schemas: %w", err)
		}
	}
	return nil
}
