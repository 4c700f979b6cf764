// Package agents lets a thread have others work for it. Each agent is a thread of its own: an
// engine whose streams this one holds, so that one that dies harms nobody else. It speaks the
// app-server protocol with them, gives the model the tools of the namespace multi_agent_v1,
// and passes on what an agent asks of the user.
//
// Engine layer; it imports config, jsonrpc, pipeline, protocol and tools.
package agents
