package memories

import (
	"regexp"
	"strings"
)

// Hidden stands where a secret was.
const Hidden = "[REDACTED_SECRET]"

// Redactor takes secrets out of texts: what looks like a key of a known service, and what a
// text itself calls a password, a token or the like.
type Redactor struct {
	whole []*regexp.Regexp // all of a match is secret
	part  []*regexp.Regexp // the group called s is
}

// NewRedactor makes one; it takes some time.
func NewRedactor() *Redactor {
	r := new(Redactor)
	const begin = `(?:\b|\\[nrt])` // of a word, after an escape in JSON as well
	for _, p := range []string{
		`-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\z)`,
		`AGE-SECRET-KEY-1[0-9A-Z]{20,}`,
		begin + `(?:sk|rk|pk)[-_][A-Za-z0-9_-]{20,}`, // OpenAI, Anthropic, Stripe
		begin + `(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|gl(?:pat|ptt|rt|dt|soat|cbt|ft|imt|agent|oas)-[A-Za-z0-9_.-]{20,})`, // GitHub, GitLab
		begin + `(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|hf_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{30,}|xai-[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,})`,
		begin + `(?:(?:AKIA|ASIA)[0-9A-Z]{16}\b|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,})`, // AWS, Google
		begin + `(?:xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,})|hooks\.slack\.com/services/[A-Za-z0-9/]{20,}`,
		begin + `(?:dop_v1_[0-9a-f]{32,}|shp[a-z]{2}_[0-9a-fA-F]{32}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|hv[sb]\.[A-Za-z0-9_-]{20,}|dckr_pat_[A-Za-z0-9_-]{20,}|lin_api_[A-Za-z0-9]{30,}|glsa_[A-Za-z0-9_]{30,}|tskey-[A-Za-z0-9-]{20,})`,
		begin + `[0-9]{8,10}:AA[A-Za-z0-9_-]{33}`,                            // Telegram
		begin + `eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`, // JSON Web Tokens
	} {
		r.whole = append(r.whole, regexp.MustCompile(p))
	}
	for _, p := range []string{
		`(?i)\b(?:bearer|basic)\s+(?P<s>[A-Za-z0-9._~+/=-]{16,})`,
		`://[^\s/:@"']*:(?P<s>[^\s/@"']+)@`, // a password in an address
		`(?i)(?:api[_-]?key|access[_-]?key|account[_-]?key|secret[_-]?key|private[_-]?key|client[_-]?secret|token|secret|passw(?:or)?d|passphrase|_auth)\\?["']?\s*[:=]\s*\\?["']?(?P<s>[^\s"'\\,;]{8,})`,
		`(?i)--?(?:api-?key|token|secret|password|passphrase)\s+\\?["']?(?P<s>[^\s"'\\-][^\s"'\\]{7,})`, // of a command line
		`\blogin\s+\S+\s+password\s+(?P<s>\S+)`, // of a .netrc
	} {
		r.part = append(r.part, regexp.MustCompile(p))
	}
	return r
}

// Redact gives the text without them.
func (r *Redactor) Redact(text string) string {
	for _, p := range r.whole {
		text = p.ReplaceAllLiteralString(text, Hidden)
	}
	for _, p := range r.part {
		text = redactPart(p, text)
	}
	return text
}

// redactPart replaces the group of each match.
func redactPart(p *regexp.Regexp, text string) string {
	group := 2 * p.SubexpIndex("s")
	var out strings.Builder
	at := 0
	for _, m := range p.FindAllStringSubmatchIndex(text, -1) {
		if text[m[group]:m[group+1]] == Hidden {
			continue
		}
		out.WriteString(text[at:m[group]] + Hidden)
		at = m[group+1]
	}
	return out.String() + text[at:]
}
