package instructions

import (
	"slices"
	"strings"
)

// Environment is what the environment block says. Cwd and Shell are left out when
// empty: on later turns only what changed is sent.
type Environment struct {
	Cwd, Shell, Date, Timezone string
}

// String formats the block.
func (e Environment) String() string {
	var b strings.Builder
	b.WriteString("<environment_context>\n")
	line := func(tag, v string) {
		if v != "" {
			b.WriteString("  <" + tag + ">" + v + "</" + tag + ">\n")
		}
	}
	line("cwd", e.Cwd)
	line("shell", e.Shell)
	line("current_date", e.Date)
	line("timezone", e.Timezone)
	b.WriteString("</environment_context>")
	return b.String()
}

// Permissions is what the permissions block tells the model.
type Permissions struct {
	Sandbox  string // read-only, workspace-write, danger-full-access
	Network  bool
	Approval string // untrusted, on-failure, on-request, never, granular
	Writable []string
	// Hidden are places that commands cannot read, patterns among them; Listed tells
	// that they read nothing but what their profile lists.
	Hidden []string
	Listed bool
}

// String formats the block.
func (p Permissions) String() string {
	var b strings.Builder
	b.WriteString("<permissions instructions>\n")
	read := "every file may be read"
	if p.Listed {
		read = "only what the user has listed may be read"
	}
	switch p.Sandbox {
	case "danger-full-access":
		b.WriteString("Commands run without a sandbox (`danger-full-access`): they may read and write any file this user may, and use the network. Be careful with anything that can't be undone.")
	case "workspace-write":
		b.WriteString("Commands run in a sandbox (`workspace-write`): " + read + ", but only the writable roots may be changed, and `.git`, `.codex` and `.agents` directly below them stay read-only.")
	default:
		b.WriteString("Commands run in a sandbox (`read-only`): " + read + ", none may be changed.")
	}
	if p.Sandbox != "danger-full-access" {
		if p.Network {
			b.WriteString(" Network access is enabled.")
		} else {
			b.WriteString(" Network access is disabled.")
		}
	}
	b.WriteString("\n")
	switch p.Approval {
	case "never":
		b.WriteString("Approval policy is `never`: nobody is there to ask, so never set `sandbox_permissions`. Work within these limits, try another way where one blocks you, and report what you could not do.")
	case "on-request":
		b.WriteString("Approval policy is `on-request`: when a command that matters needs more than the sandbox gives, call exec_command with `sandbox_permissions` set to `require_escalated` and a one-sentence `justification` that asks the user; a `prefix_rule` may propose which commands of this kind could run without asking again. Don't escalate for what you can do inside.")
	case "on-failure":
		b.WriteString("Approval policy is `on-failure`: a command that the sandbox blocks is shown to the user, who may let it run outside.")
	case "untrusted":
		b.WriteString("Approval policy is `untrusted`: commands that do more than read are shown to the user before they run.")
	default:
		b.WriteString("Approval policy is `granular`: some requests for approval are shown to the user, others are refused at once.")
	}
	if p.Sandbox == "workspace-write" && len(p.Writable) > 0 {
		roots := slices.Sorted(slices.Values(p.Writable))
		b.WriteString("\nWritable roots: `" + strings.Join(slices.Compact(roots), "`, `") + "`.")
	}
	if len(p.Hidden) > 0 {
		b.WriteString("\nHidden from commands and tools: `" + strings.Join(p.Hidden, "`, `") + "`.")
	}
	b.WriteString("\n</permissions instructions>")
	return b.String()
}

// TurnAborted is recorded after an interrupt, so that the next turn knows.
const TurnAborted = "<turn_aborted>\nThe user stopped the previous turn on purpose. Commands that were running may have been stopped half way or may still be running in the background: look at the state of things before you repeat or continue anything.\n</turn_aborted>"

// ModelSwitch tells a thread's history that another model goes on from here.
func ModelSwitch(text string) string {
	return "<model_switch>\nAnother model worked on this thread until now. Go on with the conversation under these instructions:\n\n" + text + "\n</model_switch>"
}

// PersonalitySpec tells that the manner changes from here on.
func PersonalitySpec(text string) string {
	return "<personality_spec>\nThe user wants another manner of speaking from now on:\n\n" + text + "\n</personality_spec>"
}

// CompactPrompt asks for the summary that replaces the history.
const CompactPrompt = "The conversation is about to be cut because it nears the context window. Write the hand-over that lets another model go on without it: what the user wants and the limits they set, what was done and decided (files with paths, commands, results that matter), what is known to fail, and the next steps in order. Be complete and concise; no greetings."

// CompactPrefix goes before the summary in the new history.
const CompactPrefix = "Another model began this task. What follows is its hand-over; the files are as it left them. Build on it and don't repeat finished work."

// AgentsPart is the user message part that carries the text of AGENTS.md files.
func AgentsPart(cwd, text string) string {
	return "# AGENTS.md instructions for " + cwd + "\n\n<INSTRUCTIONS>\n" + text + "\n</INSTRUCTIONS>"
}
