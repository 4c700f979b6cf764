// Package jsonrpc is the wire under every protocol of this project: JSON-RPC messages,
// one object a line, without the "jsonrpc" member (which is ignored when a peer sends
// it). It knows envelopes and lines, no methods.
//
//	lines    Reader, Writer: lines of bounded length, a message with one Write
//	check    Check, Valid: the one entry for JSON from outside
//	message  Parse: what a line is
//	conn     Conn: both directions of a pipe; Call, Start, Notify, and Request for what comes
//	pending  Pending: calls that have no answer yet, for who needs more than a Conn
//	params   Decoder: strict decoding from the tags of types
//	methods  Method, With: a table of handlers
//	queue    Queue: jobs of one key in their order
//	outbox   Outbox: a bounded queue for a peer that must not stall others
//	encode   Marshal: JSON without HTML escapes
//
// A client of a pipe:
//
//	conn := jsonrpc.NewConn(jsonrpc.NewWriter(stdin), jsonrpc.Options{
//		Raw:    c.output, // the hot notification, read past the decoder
//		Handle: c.notification,
//	})
//	go conn.Serve(jsonrpc.NewReader(stdout, 0))
//	err := conn.Call(ctx, "process/start", params, &result)
//
// A server has a table, and a request type that says in whose words params are refused:
//
//	methods := map[string]jsonrpc.Method[*jsonrpc.Request]{
//		"thing/read":  {Run: jsonrpc.With(s.read)},
//		"thing/write": {Run: jsonrpc.With(s.write), Key: thing},
//	}
//	func (s *server) read(r *jsonrpc.Request, p *ReadParams) (any, error)
//
//	func (s *server) handle(r *jsonrpc.Request) error {
//		m, ok := methods[r.Method]
//		if !ok {
//			return r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "no %s", r.Method))
//		}
//		return r.Reply(m.Run(r))
//	}
//
// A program whose requests carry more (a client, a capability) embeds *Request in a type
// of its own and gives that a Decode. A program that reads lines itself (prompts among
// them, frames of a websocket) gives those that are messages to Conn.Line.
//
// Ground layer: it imports the standard library only, and links little: the sandbox's
// program has it, too.
package jsonrpc
