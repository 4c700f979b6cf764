// Package instructions writes the context messages that go before a prompt: the
// permissions text, AGENTS.md files, the environment block, the notices after an
// interrupt or a change of model (turn spec §1.3 and §1.5, config spec §7.1). It reads
// files through an interface that its caller passes and nothing from the environment.
//
// Engine layer; standard library only.
package instructions
