package ruledir

import (
	"fmt"

	"codex/pkg/config"
	"codex/pkg/execpolicy"
)

// Required gives the rules that an administrator sets in requirements.toml.
// They go behind those of the files: of all that match, the strictest counts.
func Required(rules []config.RequiredRule) ([]execpolicy.Rule, error) {
	out := make([]execpolicy.Rule, 0, len(rules))
	for _, r := range rules {
		rule := execpolicy.PrefixRule{Pattern: r.Pattern, Justification: r.Justification}
		if err := rule.Decision.UnmarshalText([]byte(r.Decision)); err != nil {
			return nil, fmt.Errorf("rules in requirements: %w", err)
		}
		out = append(out, execpolicy.Rule{Prefix: &rule})
	}
	return out, nil
}
