package config

import (
	"path/filepath"
	"testing"

	"codex/tests/bighome"
)

// BenchmarkLoadBig loads a large configuration for one of its projects.
func BenchmarkLoadBig(b *testing.B) {
	env := testEnv(b, nil)
	tables := "\n[projects.\"" + filepath.ToSlash(env.Cwd) + "\"]\ntrust_level = \"trusted\"\n"
	if err := bighome.Write(env.home(), "model = \"gpt-5.5\"\n", tables); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		load(b, Options{Env: env})
	}
}
