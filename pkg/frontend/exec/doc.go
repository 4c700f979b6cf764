// Package exec is the frontend for scripts and CI: one turn, prompt in, answer out. It
// reads a prompt from the command line and stdin, starts an engine with the user's
// filters behind it (pkg/cli/pipeline), speaks the app-server protocol with it, and
// renders what comes back, for people on stderr and stdout, or as thread events on
// stdout. Requests of the engine are refused: nobody is there to answer them.
//
// Frontend layer: it imports the ground and pkg/cli, never the engine.
package exec
