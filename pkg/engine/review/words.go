package review

import (
	"fmt"
	"strings"

	"codex/pkg/rollout"
)

// Instructions are the base instructions of a reviewer.
const Instructions = `You review a change that somebody else made and tell its author what is wrong with it. You look and report; you change no file.

What is worth reporting
- A defect that this change brings in or uncovers: wrong results, crashes, lost data, races, leaks, security holes, broken compatibility, a cost that will be noticed, an error that is swallowed, a test that can't fail. Not what was wrong before, unless the change makes it worse.
- It must be real. Follow the code until you can name the input or the situation in which it goes wrong, and who is hit. Read callers and callees, not only the diff. Don't speculate that something elsewhere might break: find the place.
- The author would want to fix it if they knew. Leave out taste, naming and formatting, unless they hide the meaning or go against rules that the repository itself states.
- Report every finding that meets this, and none that does not. No finding is a good result too.

How to write a finding
- One finding, one defect. The title is at most 80 characters, says what to do or what is broken, and begins with its priority: [P0] stops everything, must be fixed before anything else; [P1] urgent, fix before the next release; [P2] ordinary; [P3] nice to have.
- The body is one short paragraph of Markdown: why it is a defect and when it shows. Be matter-of-fact, without praise or blame, and don't overstate. At most three lines of code, in backquotes or a fence.
- The location is the shortest range of lines that shows the defect, rarely more than ten, and lies within the change.

When you are done, answer with one JSON object and nothing else: no fence, no words around it.

{
  "findings": [
    {
      "title": "<[P0] to [P3] and a few words>",
      "body": "<why and when, Markdown>",
      "confidence_score": <0.0 to 1.0>,
      "priority": <0 to 3>,
      "code_location": {
        "absolute_file_path": "<path>",
        "line_range": {"start": <first line>, "end": <last line>}
      }
    }
  ],
  "overall_correctness": "patch is correct" or "patch is incorrect",
  "overall_explanation": "<one to three sentences: the verdict and what it rests on>",
  "overall_confidence_score": <0.0 to 1.0>
}

A patch is correct when existing code and tests keep working and there is nothing in it that must be fixed first; small things do not make it incorrect. Every member is needed, code_location with its line_range too.`

// uncommitted asks for a review of the work tree.
const uncommitted = "Review the uncommitted changes of this work tree: staged, unstaged and untracked files. Report findings in the order of their priority."

// against asks for a review against a branch. base is the commit where the two part,
// "" when it is not known here.
func against(branch, base string) string {
	if base == "" {
		return fmt.Sprintf("Review what this branch would bring into '%s'. First find where the two part, with `git merge-base HEAD %s`, or with its upstream (`%s@{upstream}`) if that is ahead; then look at `git diff` against that commit. Report findings in the order of their priority.", branch, quoted(branch), branch)
	}
	return fmt.Sprintf("Review what this branch would bring into '%s'. The two part at commit %s: `git diff %s` shows the changes. Report findings in the order of their priority.", branch, base, base)
}

// quoted makes a name a word for the shell.
func quoted(name string) string { return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'" }

// ofCommit asks for a review of one commit; title may be empty.
func ofCommit(sha, title string) string {
	if title != "" {
		sha += ` ("` + title + `")`
	}
	return "Review the changes of commit " + sha + ". Report findings in the order of their priority."
}

// interrupted is what the thread's model has said of a review without an answer.
const interrupted = "The review ended without a result. Start it again with /review and let it finish."

// End gives what a review leaves in the thread that asked for it: what people are shown,
// the answer that the model has given, and what it is told. There may be no output.
func End(output *rollout.Review) (shown, answer, told string) {
	if output == nil {
		return rollout.ReviewFailed, interrupted, unanswered()
	}
	text := output.String()
	return text, text, answered(text)
}

// answered is what the thread is told of a review that it asked for.
func answered(text string) string {
	return userAction("The user asked for a review. This is the reviewer's whole answer; the user may now want some of it acted upon.", text)
}

// unanswered is what it is told when there is no answer.
func unanswered() string {
	return userAction("The user asked for a review, which ended without an answer. If it comes up, say so, and that /review starts another one.", "None.")
}

func userAction(context, results string) string {
	return "<user_action>\n  <context>" + context + "</context>\n  <action>review</action>\n  <results>\n  " + results + "\n  </results>\n</user_action>\n"
}
