// Package turn is the engine: one process is one thread. It speaks the app-server
// protocol with its face on stdin and stdout, the Responses API with the model, the
// exec-server protocol with the hands, and it writes the session file (turn spec §1–3
// and §5, design "One wire").
//
// A Server reads lines and answers requests; at most one turn runs at a time, in a
// goroutine of its own that owns the thread's history while it runs.
//
// Engine layer; it imports tools, responses, rollout, instructions, execpolicy, patch
// and the ground. It never imports a face.
package turn
