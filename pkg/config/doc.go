// Package config reads everything that decides how a thread runs: the stack of
// config.toml layers, -c overrides, profiles, dedicated flags, project trust
// and administrators' requirements, folded into one [Config] value.
//
// It is a ground package: it imports the standard library, the TOML libraries,
// flock, and of the ground atomicfile, foreign, jsonrpc, models, ostext, policy and shellenv, and speaks TOML on disk. It never looks at the process: the
// environment, the home folder, the working folder and the host are handed in
// through [Env], so that the same code serves a command line, a server with
// many threads and a test.
//
// [Load] reads, [SetTrust], [Edit] and [Remove] write (keeping comments, order
// and blank lines), [Home] applies the CODEX_HOME rules.
package config
