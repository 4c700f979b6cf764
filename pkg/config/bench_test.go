package config

import (
	"bytes"
	"path/filepath"
	"testing"

	"codex/tests/bighome"
)

// BenchmarkLoadBig loads a large configuration for one of its projects: as the first that
// reads it, and as a program that is given what another has decoded.
func BenchmarkLoadBig(b *testing.B) {
	env := testEnv(b, nil)
	tables := "\n[projects.\"" + filepath.ToSlash(env.Cwd) + "\"]\ntrust_level = \"trusted\"\n"
	if err := bighome.Write(env.home(), "model = \"gpt-5.5\"\n", tables); err != nil {
		b.Fatal(err)
	}
	b.Run("first", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			load(b, Options{Env: env, Documents: &Documents{}})
		}
	})
	b.Run("given", func(b *testing.B) {
		docs := &Documents{}
		load(b, Options{Env: env, Documents: docs})
		text := docs.Encode()
		b.ReportAllocs()
		for b.Loop() {
			docs, err := ReadDocuments(bytes.NewReader(text))
			if err != nil {
				b.Fatal(err)
			}
			load(b, Options{Env: env, Documents: docs})
		}
	})
}
