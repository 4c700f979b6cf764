// Package thread is the one home of what a stored thread is: its session file, found by id,

// name or time; what its head says; its name, its turns, how it is forked, archived and
// changed; and under which settings and instructions one begins. The engine and the router
// both ask here.
//
// Files are the only truth, those under CODEX_HOME/sessions/YYYY/MM/DD and
// CODEX_HOME/archived_sessions and session_index.jsonl beside them: nothing else is kept,
// and of each file only what is needed is read.
//
// Ground layer, over rollout.
package thread
