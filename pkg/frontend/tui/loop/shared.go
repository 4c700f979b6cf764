package loop

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/foreign"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/protocol"
)

// shared says whether the thread is an app-server's: its folder may be on another machine,
// where that is asked about files.
func (l *Loop) shared() bool { return l.engine != nil && l.engine.Shared }

// findShared searches for files on the app-server's machine.
func (l *Loop) findShared(word string) {
	l.finding++
	asked := l.finding
	p := protocol.FuzzyFileSearchParams{Query: word, Roots: protocol.List[string]{l.state.Thread.Cwd}}
	l.call(protocol.MethodFuzzyFileSearch, p, func(r gjson.Result, err error) {
		var found protocol.FuzzyFileSearchResponse
		if err == nil {
			err = json.Unmarshal([]byte(r.Raw), &found)
		}
		var out []overlay.Choice
		for _, f := range found.Files[:min(maxFound, len(found.Files))] {
			out = append(out, overlay.Choice{Name: f.Path, Value: f.Path})
		}
		l.foundFiles(asked, out, err)
	})
}

// diffShared shows what the app-server's work tree has that no remote of its has.
func (l *Loop) diffShared() {
	p := struct {
		Cwd string `json:"cwd"`
	}{l.state.Thread.Cwd}
	l.call(protocol.MethodGitDiffToRemote, p, func(r gjson.Result, err error) {
		l.showDiff(r.Get("diff").Str, err)
	})
}

// initShared has AGENTS.md written on the app-server's machine, unless it is there.
func (l *Loop) initShared() {
	p := protocol.FsGetMetadataParams{Path: strings.TrimSuffix(l.state.Thread.Cwd, "/") + "/AGENTS.md"}
	l.call(protocol.MethodFsGetMetadata, p, func(_ gjson.Result, err error) {
		if err == nil {
			l.say(agentsThere)
			return
		}
		l.sendText(initPrompt)
	})
}

// maxSent bounds an image that is sent along.
const maxSent = 20 << 20

// imageInput is an image as the engine gets it. An app-server gets what is in the file, if
// it is one of this machine, since it may not see it.
func (l *Loop) imageInput(path string) protocol.UserInput {
	if l.shared() {
		if b, err := foreign.ReadFile(path, maxSent); err == nil {
			return protocol.UserInput{Type: protocol.UserInputImage, URL: "data:" + http.DetectContentType(b) + ";base64," + base64.StdEncoding.EncodeToString(b)}
		}
	}
	return protocol.UserInput{Type: protocol.UserInputLocalImage, Path: path}
}
