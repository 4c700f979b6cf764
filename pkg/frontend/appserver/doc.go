// Package appserver is the app-server: many threads for many clients, behind lines of
// the app-server protocol (codex-protocol(5)) on stdio, a unix socket or a websocket.
//
// It is a router. What belongs to a thread goes to that thread's engine, a codex-turn
// child process that is started when a request needs one and let go when the thread is
// idle; a thread at rest is a session file (package thread). What belongs to no thread is
// answered by package local.
//
// The pieces: a conn is one client, with a bounded queue of what it still has to read; a
// loadedThread has its subscribers and maybe a child; requests about one thing keep their
// order in a queue; an ask is an engine's question, a call to each subscriber. Clients come
// over stdio, a socket, or a relay (package relay).
//
// Frontend layer: it starts engines and executors, and imports neither.
package appserver
