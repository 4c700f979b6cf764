// Package instructions writes the context messages that go before a prompt: the
// permissions text, AGENTS.md files, the environment block, the notices after an
// interrupt or a change of model. It takes nothing from the environment.
//
// Engine layer; it imports foreign.
package instructions
