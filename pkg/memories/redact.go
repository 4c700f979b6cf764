package memories

import "regexp"

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
	for _, p := range []string{
		`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)`,
		`\b(?:sk|rk|pk)[-_][A-Za-z0-9_-]{20,}`,                        // OpenAI, Anthropic, Stripe
		`\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}`, // GitHub
		`\bglpat-[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{30,}`,
		`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[A-Za-z0-9_-]{35}`,        // AWS, Google
		`\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bhf_[A-Za-z0-9]{30,}`,       // Slack, Hugging Face
		`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`, // JSON Web Tokens
	} {
		r.whole = append(r.whole, regexp.MustCompile(p))
	}
	for _, p := range []string{
		`(?i)\bbearer\s+(?P<s>[A-Za-z0-9._~+/=-]{16,})`,
		`://[^\s/:@"']*:(?P<s>[^\s/@"']+)@`, // a password in an address
		`(?i)(?:api[_-]?key|access[_-]?key|secret[_-]?key|client[_-]?secret|token|secret|passw(?:or)?d|passphrase)\\?["']?\s*[:=]\s*\\?["']?(?P<s>[^\s"'\\,;]{8,})`,
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
	out, at := "", 0
	for _, m := range p.FindAllStringSubmatchIndex(text, -1) {
		if text[m[group]:m[group+1]] == Hidden {
			continue
		}
		out += text[at:m[group]] + Hidden
		at = m[group+1]
	}
	return out + text[at:]
}
