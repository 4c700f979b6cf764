// Package protocol holds the types of the app-server protocol, version 2: the one
// vocabulary between an engine (codex-turn), a router (codex-app-server) and every frontend.
// The Go types are the single source: package protocol/schema derives the JSON Schema
// from them, and the wire is encoding/json over them. codex-protocol(5) is the manual.
//
// Names are those of the schema (ThreadStartParams, TurnError); a field is the JSON name
// with a capital, Id as ID and Url as URL. Fields stand in the order of the wire.
//
// How a field looks says how it is written:
//
//	T                     always there
//	T       schema:"opt"  always written, may be missing when read
//	T       omitempty     left out when zero (bools and lists of params)
//	*T, []T, map          null when nil (the schema calls it nullable)
//	*T, []T  omitempty    left out when nil; null or missing when read
//	List[T], Map[T]       always an array or object, [] or {} when nil, never null
//	Patch[T] omitzero     left out keeps, null clears
//	json.RawMessage       any JSON, kept as it is; nil is null
//
// The schema tag has more words for the generator: exp (needs the experimentalApi
// capability), default=, min=1, const= (a fixed word), extra (other keys are kept),
// requestId; union= and words= are explained in union.go. A default is what a reader
// has to assume; decoding leaves the Go zero value.
//
// Items are pointers (*AgentMessageItem); their Type must be set by whoever makes one.
//
// Times ending in Ms are milliseconds, other times seconds, both since 1970. Encode with
// an encoder that has SetEscapeHTML(false), as jsonrpc.Writer does.
//
// Ground layer: it imports the standard library's encoders, gjson, sjson, jsonrpc and
// policy only, and does no I/O. Methods, ItemVariants and Values are for generators and tests; a binary that does
// not call them does not carry them.
package protocol
