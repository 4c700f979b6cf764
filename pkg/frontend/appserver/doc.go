// Package appserver is the app-server: many threads for many clients, behind lines of
// the app-server protocol (codex-protocol(5)) on stdio, a unix socket or a websocket.
//
// It is a router. What belongs to a thread goes to that thread's engine, a codex-turn
// child process that is started when a request needs one and let go when the thread is
// idle; a thread at rest is a session file. What belongs to no thread is answered here:
// lists of threads, files, commands, settings, accounts, search.
//
// The pieces: a conn is one client, with a bounded queue of what it still has to read; a
// thread has its subscribers and maybe a child; lanes keep requests about one thing in
// their order; asks are the engine's questions, with ids of our own. Clients come over
// stdio, a socket, or a relay (package relay); what the original has and this server has
// not is listed in unbuilt.go, and refused by name.
//
// Face layer: it imports stage, sessions, rollout, config, auth, models, protocol,
// jsonrpc, ostext and execwire, never the engine or the hands.
package appserver
