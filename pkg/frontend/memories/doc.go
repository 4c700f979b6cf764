// Package memories is the program codex-memories: it makes the memories that later sessions
// read. Sessions that have rested for some time are read one by one, each in a turn of an
// engine that may call nothing; then a turn in a folder of its own brings together what they
// left.
//
//	codex-memories  ←app-server protocol→  codex-turn, one a turn
//
// It stands on pkg/memories, which knows the files. What a session says is a stranger's text
// for the model, and what the model answers one for us: see answer.go and consolidate.go.
//
// Frontend layer.
package memories
