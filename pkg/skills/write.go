package skills

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"

	"codex/pkg/config"
)

// Write switches skills on or off in a config.toml: key is path or name. Everything else
// in the file stays as it is.
func Write(ctx context.Context, path, key, value string, on bool) error {
	return config.Update(ctx, path, func(old string) (string, error) {
		before, err := others(old)
		if err != nil {
			return "", err
		}
		text, err := edit(old, key, value, on)
		if err != nil {
			return "", err
		}
		if after, err := others(text); err != nil || !reflect.DeepEqual(before, after) {
			return "", errors.New("[[skills.config]] cannot be told from the rest: edit it by hand")
		}
		return text, nil
	})
}

// others are all settings but those of skills.
func others(text string) (tree map[string]any, err error) {
	_, err = toml.Decode(strings.TrimPrefix(text, "\ufeff"), &tree)
	delete(tree, "skills")
	return tree, err
}

// edit takes the entries for a skill out, and appends one when it is to be off: what
// nothing is said about is on.
func edit(text, key, value string, on bool) (string, error) {
	var tree map[string]any
	if _, err := toml.Decode(strings.TrimPrefix(text, "\ufeff"), &tree); err != nil {
		return "", err
	}
	table, _ := tree["skills"].(map[string]any)
	if _, blocks := table["config"].([]map[string]any); table["config"] != nil && !blocks {
		return "", errors.New("skills.config is an inline list: edit it by hand")
	}
	var out strings.Builder
	for _, b := range blocks(text) {
		if !means(b, key, value) {
			out.WriteString(b)
		}
	}
	if on {
		return out.String(), nil
	}
	nl := "\n"
	if strings.Contains(text, "\r\n") {
		nl = "\r\n"
	}
	if s := out.String(); s != "" && !strings.HasSuffix(s, "\n") {
		out.WriteString(nl)
	}
	if out.Len() > 0 && !strings.HasSuffix(out.String(), nl+nl) {
		out.WriteString(nl)
	}
	fmt.Fprintf(&out, "[[skills.config]]%s%s = %s%senabled = false%s", nl, key, config.Encode(value), nl, nl)
	return out.String(), nil
}

// blocks cuts a document before each header of a table. A line within a text of several
// lines may look like one: then the pieces are no tables of skills, and are put together
// again as they were.
func blocks(text string) (out []string) {
	at, from := 0, 0
	for l := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(l), "[") && at > from {
			out = append(out, text[from:at])
			from = at
		}
		at += len(l)
	}
	return append(out, text[from:])
}

// means says whether a block is [[skills.config]] of exactly this skill.
func means(block, key, value string) bool {
	var tree struct {
		Skills struct{ Config []map[string]any }
	}
	if !strings.HasPrefix(strings.TrimSpace(block), "[[") {
		return false
	}
	if _, err := toml.Decode(block, &tree); err != nil || len(tree.Skills.Config) != 1 {
		return false
	}
	return tree.Skills.Config[0][key] == value
}
