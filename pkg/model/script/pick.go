package script

import (
	"context"
	"errors"
	"strings"

	"github.com/tidwall/gjson"
)

// errNoTurn says that every answer has a condition and none holds.
var errNoTurn = errors.New("no answer of the script is for this request")

// group returns the answers that are for a prompt: those with the first condition in the
// file that holds, else those without one. The condition names the group.
func (s *Script) group(prompt string) (when string, turns []*Turn) {
	for _, t := range s.Turns {
		if t.When != "" && strings.Contains(prompt, t.When) {
			when = t.When
			break
		}
	}
	for _, t := range s.Turns {
		if t.When == when {
			turns = append(turns, t)
		}
	}
	return when, turns
}

// pick returns the k-th answer (from 0) of a group, repeats counted; the last repeats for
// ever.
func pick(turns []*Turn, k int) (*Turn, error) {
	if len(turns) == 0 {
		return nil, errNoTurn
	}
	for _, t := range turns {
		if n := max(1, t.Repeat); k < n {
			return t, nil
		} else {
			k -= n
		}
	}
	return turns[len(turns)-1], nil
}

// Pick returns the answer to a request by the request alone: as many answers as its
// input holds have been given. Answers that leave nothing in a later input (errors,
// streams cut before an item was done) can't be counted so; they are passed over, except
// at the end of the script.
func (s *Script) Pick(r Request) (*Turn, error) {
	when, turns := s.group(r.Prompt)
	k := r.Responses
	if when != "" {
		k = r.SincePrompt
	}
	var seen []*Turn
	count, last := 0, false
	for _, t := range turns {
		if last = leavesTrace(t); last {
			seen = append(seen, t)
			count += max(1, t.Repeat)
		}
	}
	if k >= count && !last && len(turns) > 0 {
		return turns[len(turns)-1], nil
	}
	return pick(seen, k)
}

// leavesTrace says whether an item of the answer gets done, which puts it into the input
// of the next request.
func leavesTrace(t *Turn) bool {
	if t.Raw != nil {
		for i, e := range t.Raw {
			if gjson.GetBytes(e, "type").Str == "response.output_item.done" {
				return t.Cut == nil || i < *t.Cut
			}
		}
		return false
	}
	if t.Status != 0 {
		return false
	}
	items := 0
	for i := range t.Items {
		if t.Items[i].PauseMS == 0 && (t.Items[i].Event == nil || strings.Contains(string(t.Items[i].Event), "output_item.done")) {
			items++
		}
	}
	if t.Cut == nil || items == 0 {
		return items > 0
	}
	probe := &Turn{Items: t.Items, Chunk: t.Chunk, Cut: t.Cut}
	found := doneFinder{}
	p := player{ctx: context.Background(), turn: probe, n: 1, out: &found, sleep: noSleep}
	p.play(nil)
	return found.found
}
