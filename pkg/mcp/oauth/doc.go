// Package oauth is the login at servers of the Model Context Protocol: it finds out who
// gives tokens for a server, gets them by a browser or by a code, keeps them where
// the original does, renews them before they expire, and puts them into requests.
//
//	login     Login: discovery, registration and PKCE, with the official library
//	callback  the address on this machine that the browser comes back to
//	device    the code for a machine without a browser
//	status    Status: whether a server wants a login, and has one
//	store     Store: CODEX_HOME/.credentials.json, or the keyring
//	ring      a login in the keyring of the desktop
//	transport Authorize: tokens in requests, renewed by one process at a time
//
// Ground layer, for codex-mcp only. It imports browser, config, foreign, jsonrpc, keyring, mcp, go-sdk's
// auth and oauthex, and x/oauth2. No token is printed, logged, or an argument of a program.
package oauth
