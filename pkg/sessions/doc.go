// Package sessions is the program codex-sessions: it lists, shows, names, archives and
// deletes the sessions in CODEX_HOME. The files are all there is: it asks no engine and no
// server.
//
// A program of its own: it imports the ground and pkg/cli.
package sessions
