// Package bighome makes a CODEX_HOME as somebody has it after years: a config.toml of 2,000
// lines, 200 skills, decisions about 100 projects. Benchmarks load it.
package bighome

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// How much there is of each.
const (
	Lines    = 2000
	Skills   = 200
	Projects = 100
)

// Write fills home. head are the first lines of config.toml, tables the last ones.
func Write(home, head, tables string) error {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(Config(head, tables)), 0o600); err != nil {
		return err
	}
	for i := range Skills {
		name := fmt.Sprintf("skill-%03d", i)
		dir := filepath.Join(home, "skills", name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		text := "---\nname: " + name + "\ndescription: Does the work of number " + name + ", when somebody asks for it in so many words.\n---\n\n# Work\n\n" +
			strings.Repeat("Do this, and then that, and look at what came out of it.\n", 40)
		if err := os.WriteFile(filepath.Join(dir, "SKILL.md"), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Config is the text of config.toml.
func Config(head, tables string) string {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("approval_policy = \"on-request\"\nmodel_reasoning_effort = \"medium\"\nproject_doc_fallback_filenames = [\"CLAUDE.md\", \"README.md\"]\n\n")
	b.WriteString("[shell_environment_policy]\ninherit = \"all\"\nexclude = [\"AWS_*\", \"GH_*\"]\n\n[shell_environment_policy.set]\n")
	for i := range 60 {
		fmt.Fprintf(&b, "VARIABLE_%02d = \"value of number %d\"\n", i, i)
	}
	for i := range Projects {
		fmt.Fprintf(&b, "\n[projects.\"/home/somebody/work/group-%d/project-%03d\"]\ntrust_level = \"trusted\"\n", i%7, i)
	}
	for i := range 40 {
		fmt.Fprintf(&b, "\n# The service of team %d.\n[model_providers.team-%02d]\nname = \"Team %d\"\nbase_url = \"https://models.team-%02d.example.com/v1\"\nwire_api = \"responses\"\n"+
			"env_key = \"TEAM_%d_KEY\"\nhttp_headers = { \"X-Team\" = \"%d\", \"X-Purpose\" = \"agent\" }\nstream_idle_timeout_ms = 300000\n", i, i, i, i, i, i)
	}
	for i := range 60 {
		fmt.Fprintf(&b, "\n[profiles.work-%02d]\nmodel = \"gpt-5.4\"\nmodel_provider = \"team-%02d\"\nmodel_reasoning_effort = \"high\"\napproval_policy = \"on-request\"\nsandbox_mode = \"workspace-write\"\n", i, i%40)
	}
	for i := range 40 {
		fmt.Fprintf(&b, "\n[mcp_servers.tool-%02d]\ncommand = \"npx\"\nargs = [\"-y\", \"@example/tool-%02d\", \"--root\", \"/srv/data\"]\nenv = { TOKEN_FILE = \"/run/secrets/%d\" }\n"+
			"startup_timeout_sec = 20\ntool_timeout_sec = 60.0\nenabled = false\n", i, i, i)
	}
	for i := range 20 {
		fmt.Fprintf(&b, "\n[[skills.config]]\nname = \"skill-%03d\"\nenabled = false\n", i*7)
	}
	b.WriteString(tables)
	for n := Lines - strings.Count(b.String(), "\n"); n > 0; n-- {
		b.WriteString("# A line that somebody wrote about what stands above.\n")
	}
	return b.String()
}
