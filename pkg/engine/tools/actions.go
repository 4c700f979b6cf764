package tools

import (
	"path/filepath"
	"strings"

	"codex/pkg/execpolicy"
	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

// actions says what a command is about: what it reads, lists or searches, when
// every part of it does one of these; else the script as it is.
func actions(argv []string, cwd string) []protocol.CommandAction {
	script, ok := execpolicy.Script(argv)
	if !ok {
		script = shellwords.Join(argv)
	}
	unknown := []protocol.CommandAction{{Type: protocol.CommandActionUnknown, Command: script}}
	cmds, plain := execpolicy.Split(argv)
	if !plain {
		return unknown
	}
	var out []protocol.CommandAction
	for _, cmd := range cmds {
		a, ok := action(cmd, cwd)
		if !ok {
			return unknown
		}
		out = append(out, a)
	}
	return out
}

func action(cmd []string, cwd string) (protocol.CommandAction, bool) {
	var words []string
	for _, w := range cmd[1:] {
		if !strings.HasPrefix(w, "-") {
			words = append(words, w)
		}
	}
	at := func(i int) *string {
		if i < len(words) {
			return &words[i]
		}
		return nil
	}
	line := shellwords.Join(cmd)
	switch cmd[0] {
	case "cat", "nl":
		if len(words) == 1 {
			return readAction(line, words[0], cwd), true
		}
	case "sed":
		if len(cmd) == 4 && cmd[1] == "-n" {
			return readAction(line, cmd[3], cwd), true
		}
	case "head", "tail":
		if len(words) > 0 && !strings.Contains(strings.Join(words[:len(words)-1], ""), "/") {
			return readAction(line, words[len(words)-1], cwd), true
		}
	case "ls":
		return protocol.CommandAction{Type: protocol.CommandActionListFiles, Command: line, Path: at(0)}, len(words) < 2
	case "rg", "grep":
		return protocol.CommandAction{Type: protocol.CommandActionSearch, Command: line, Query: at(0), Path: at(1)}, len(words) > 0 && len(words) < 3
	}
	return protocol.CommandAction{}, false
}

func readAction(line, file, cwd string) protocol.CommandAction {
	return protocol.CommandAction{Type: protocol.CommandActionRead, Command: line, Name: filepath.Base(file), Path: new(resolve(cwd, file))}
}
