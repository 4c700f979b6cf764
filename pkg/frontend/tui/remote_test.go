package tui

import (
	"testing"
)

// TestAddress holds that a token goes to nobody over an open line.
func TestAddress(t *testing.T) {
	for addr, ok := range map[string]bool{
		"ws://127.0.0.1:1": true, "ws://[::1]:1": true, "ws://localhost:1": true, "wss://far.example": true,
		"ws://far.example:1": false, "ws://127.0.0.1.far.example": false, "http://x": false, "x": false,
	} {
		r := &run{Process: Process{Getenv: func(string) string { return "secret" }}, args: &Args{Remote: addr, TokenEnv: "TOKEN"}}
		_, o, err := r.address()
		if (err == nil) != ok || ok && o.HTTPHeader.Get("Authorization") != "Bearer secret" {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
