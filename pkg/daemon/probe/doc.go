// Package probe asks an app-server behind its control socket who it is: the handshake of
// the app-server protocol over a websocket. It is the one reliable sign that a server is
// ready.
//
// It has a websocket client of its own, because that of a library brings net/http along,
// and with it three megabytes and a millisecond of start: more than the whole daemon.
//
// Daemon layer: it imports the standard library, gjson and jsonrpc.
package probe
