// Package turn is the engine: one process is one thread. It speaks the app-server
// protocol with its frontend on stdin and stdout, the Responses API with the model, the
// exec-server protocol with the executor, and it writes the session file.
//
// A Server reads lines and answers requests; at most one turn runs at a time, in a
// goroutine of its own that owns the thread's history while it runs.
//
// Engine layer; it imports item, request, review, tools, instructions and the ground. It
// never imports a frontend.
package turn
