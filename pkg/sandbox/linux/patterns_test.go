//go:build linux

package linux

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"codex/pkg/policy"
)

// TestPatternBounds refuses what would be hidden only in part.
func TestPatternBounds(t *testing.T) {
	dir := t.TempDir()
	for i := range maxMatches + 1 {
		os.WriteFile(fmt.Sprintf("%s/%d.env", dir, i), nil, 0o644)
	}
	pol := policy.Policy{FullDiskRead: true, DeniedGlobs: []string{dir + "/*.env"}}
	var refused *Refusal
	if _, err := deniedNow(context.Background(), pol); !errors.As(err, &refused) || !strings.Contains(err.Error(), "more than 8192 files") {
		t.Errorf("%v", err)
	}
	os.Remove(dir + "/0.env")
	if got, err := deniedNow(context.Background(), pol); err != nil || len(got) != maxMatches {
		t.Errorf("%d, %v", len(got), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := deniedNow(ctx, pol); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// BenchmarkPatterns looks through 100,000 files, 100 to a directory.
func BenchmarkPatterns(b *testing.B) {
	dir := b.TempDir()
	for i := range 1000 {
		sub := fmt.Sprintf("%s/%d/%d", dir, i%30, i)
		os.MkdirAll(sub, 0o755)
		for j := range 100 {
			os.WriteFile(fmt.Sprintf("%s/file%d.go", sub, j), nil, 0o644)
		}
	}
	os.WriteFile(dir+"/7/7/.env", nil, 0o644)
	pol := policy.Policy{FullDiskRead: true, DeniedGlobs: []string{dir + "/**/*.env", dir + "/**/.env"}}
	for b.Loop() {
		if got, err := deniedNow(b.Context(), pol); err != nil || len(got) != 1 {
			b.Fatal(got, err)
		}
	}
}
