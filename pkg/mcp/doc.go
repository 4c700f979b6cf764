// Package mcp is a client of one server of the Model Context Protocol: a program on stdio,
// or an address of the streamable HTTP transport. It starts and ends the program, makes the
// handshake, keeps results as the bytes that came, and comes back after a lost session.
//
//	connect   Connect, Client: a server that is ready, and what can be asked of it
//	process   the program of a server: environment, process group, end
//	lines     its lines as messages, with bounds
//	http      requests to an address: headers, redirects, bounds
//	secret    values of env and headers that do not stand in config.toml
//	request   what is asked of a server, and results as they came
//	direct    calls at a program, beside the library
//	limit     the time of a request, which stands still while the user is asked
//	fault     errors in the original's words
//
// The protocol itself is github.com/modelcontextprotocol/go-sdk. Ground layer, but for
// codex-mcp only: the engine asks that program (package pool), so that it neither links this
// nor has to end servers itself when it is killed.
package mcp
