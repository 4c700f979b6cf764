// Package mcpserver lets clients of the Model Context Protocol run Codex: a server on
// standard input and output whose tools start a thread, go on with one, and close one.
//
//	client  ←MCP→  mcpserver  ←app-server protocol→  one codex-turn a thread
//
// The handshake, the list of tools and cancellation are the official library's. Around it
// wire reads and writes the lines, since three things of the original are no part of its
// types: notifications codex/event, questions with members of our own, and their answers.
// Clients of the revision 2026-07-28 are asked in rounds: a question is the result of their
// request, and its answer comes with the next one (rounds.go).
// What an engine tells is turned into the events that such clients know (event.go), what it
// asks into elicitations (question.go).
//
// Frontend layer: it imports cli, config, jsonrpc, protocol, shellwords, thread, and go-sdk.
package mcpserver
