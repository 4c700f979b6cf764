package memories

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	store "codex/pkg/memories"
)

const (
	// maxAnswer bounds what a model may say of a session, maxField what is kept of each part.
	maxAnswer = 1 << 20
	maxField  = 64 << 10
	maxSlug   = 256
)

// answer is what a model says of a session.
type answer struct {
	Summary string  `json:"rollout_summary"`
	Slug    *string `json:"rollout_slug"`
	Raw     string  `json:"raw_memory"`
}

// schema is that of an answer.
func schema() json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"rollout_summary":{"type":"string"},"rollout_slug":{"type":["string","null"]},"raw_memory":{"type":"string"}},"required":["rollout_summary","rollout_slug","raw_memory"],"additionalProperties":false}`)
}

// readAnswer reads what a model said: an object, for one that was asked without a schema in a
// block of code maybe, and nothing behind it. Secrets are taken out.
func readAnswer(text string, secrets *store.Redactor) (a answer, err error) {
	if len(text) > maxAnswer {
		return a, fmt.Errorf("the answer has %d bytes, more than %d", len(text), maxAnswer)
	}
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD"))
	if inner, ok := strings.CutPrefix(text, "```"); ok {
		inner = strings.TrimPrefix(inner, "json")
		text, _ = strings.CutSuffix(inner, "```")
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return answer{}, errors.New("read the answer: there is something behind the object")
	}
	slug := ""
	if a.Slug != nil {
		slug = middle(secrets.Redact(*a.Slug), maxSlug)
	}
	a.Slug = &slug
	a.Raw, a.Summary = middle(secrets.Redact(a.Raw), maxField), middle(secrets.Redact(a.Summary), maxField)
	return a, nil
}

// empty says that the session left nothing worth keeping.
func (a answer) empty() bool {
	return strings.TrimSpace(a.Raw) == "" || strings.TrimSpace(a.Summary) == ""
}
