// Package relay is remote control: a connection from this machine out to a relay, through
// which clients elsewhere speak the app-server protocol to it. Nothing listens here.
//
// The machine enrols once over HTTP and keeps what it was given in a file; then it holds
// one websocket open. Its frames are envelopes: messages of many clients, each with a
// client and a stream id and a number, acknowledged by the relay and sent again after a
// break until they are. Messages of more than 100 KiB travel in segments. Each pair of
// client and stream is a Stream, which the owner serves like any other connection.
//
// Whatever fails, no login, no network, a relay that refuses, is a status and a reason;
// the next attempt comes after a growing wait with jitter, never at once.
//
// Wire protocol: remote control of the original, version 3, as its public source has it.
// Frontend layer: it imports coder/websocket, gjson, and of the ground atomicfile, foreign and jsonrpc.
package relay
