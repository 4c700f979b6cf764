package exec

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"codex/pkg/protocol"
	"codex/pkg/termtext"
	"codex/pkg/thread"
)

// Kinds of words that completion asks for at Tab.
const (
	wordsSessions   = "sessions"
	wordsProfiles   = "profiles"
	wordsProfilesV2 = "profiles-v2"
)

// manySessions is how many sessions are offered, the newest first.
const manySessions = 50

// ofUsers are the kinds of sessions that one goes on with by name.
func ofUsers() []protocol.ThreadSourceKind {
	return []protocol.ThreadSourceKind{protocol.ThreadSourceKindCli, protocol.ThreadSourceKindVscode, protocol.ThreadSourceKindExec, protocol.ThreadSourceKindAppServer}
}

// listWords prints the words of a kind, one a line; behind a session and a tab stands how
// it begins.
func (r *run) listWords(ctx context.Context) error {
	if err := r.loadConfig(ctx); err != nil {
		return err
	}
	var words []string
	switch r.args.ListWords {
	case wordsSessions:
		page, _ := thread.Page(r.cfg.Home, thread.Query{Updated: true, Limit: manySessions, Kinds: ofUsers()})
		for _, s := range page {
			words = append(words, s.ID+"\t"+termtext.Line(clipped(strings.Join(strings.Fields(s.Preview), " "), 60)))
		}
	case wordsProfiles:
		profiles, _ := r.cfg.Merged()["profiles"].(map[string]any)
		words = slices.Sorted(maps.Keys(profiles))
	case wordsProfilesV2:
		const suffix = ".config.toml"
		files, _ := filepath.Glob(filepath.Join(r.cfg.Home, "*"+suffix)) // the pattern is well-formed
		for _, f := range files {
			words = append(words, strings.TrimSuffix(filepath.Base(f), suffix))
		}
	}
	for _, w := range words {
		if _, err := fmt.Fprintln(r.Stdout, w); err != nil {
			return err
		}
	}
	return nil
}
