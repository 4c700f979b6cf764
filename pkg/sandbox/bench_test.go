//go:build linux

package sandbox

import (
	"context"
	"testing"

	"codex/pkg/policy"
)

// BenchmarkTrue runs true from a long-lived process: what a command costs an
// executor.
func BenchmarkTrue(b *testing.B) {
	p := newSite(b)
	for name, pol := range map[string]policy.Policy{
		"direct":          {FullDiskRead: true, FullDiskWrite: true, Network: true},
		"read-only":       p.readOnly(b),
		"workspace-write": p.workspace(b),
	} {
		b.Run(name, func(b *testing.B) {
			needSpaces(b)
			for b.Loop() {
				c, err := Command(context.Background(), Spec{Policy: pol, Argv: []string{"true"}, Dir: p.ws, Env: testEnv()})
				if err == nil {
					err = c.Run()
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
