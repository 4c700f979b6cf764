// Package memories is the one home of what is kept of sessions: the folder CODEX_HOME/memories
// that models read, in the original's layout, and beside it what is known of each session that
// was read for it.
//
//	memories/memory_summary.md    what a model is told
//	memories/MEMORY.md            what it searches
//	memories/raw_memories.md      of each session what it leaves, made anew each time
//	memories/rollout_summaries/   of each session what happened, one file a session
//	memories-state/sessions/      what was read, one file a session
//	memories-state/usage.jsonl    which memories answers rest on, since that was counted
//
// Commands of a session may write in memories, and so the second folder is apart from it.
//
// Ground layer: it imports atomicfile, foreign, jsonrpc and thread.
package memories
