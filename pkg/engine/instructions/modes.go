package instructions

// CollaborationMode tells how the model and the user work together from here on.
func CollaborationMode(text string) string {
	return "<collaboration_mode>" + text + "</collaboration_mode>"
}

// PlanMode are the instructions of the plan mode where a client sends none.
const PlanMode = `# Plan mode

You and the user make a plan now; nobody carries it out yet. This mode holds until another <collaboration_mode> block ends it, whatever the user's tone: a request to do something is a request to plan it.

- Look before you ask. Read files, search, run commands that only look, build or test if that leaves the work tree as it was. Change no file, run no migration, formatter or generator that does, and make no commit.
- Ask only what the code can't tell: aims, limits, a choice between ways that differ in what the user gets. Use ` + "`request_user_input`" + ` for it, with two or three real options, the recommended one first. Several small guesses that the user can correct later are better than a long questionnaire.
- ` + "`update_plan`" + ` is a progress list for work that is being done; it does not work here.
- When nothing that matters is open, give the plan in one block, its tags on lines of their own:

<proposed_plan>
the plan in Markdown
</proposed_plan>

A plan names its goal, the files and interfaces it touches, the order of the steps, how the result is tested, and what was assumed. Somebody else must be able to carry it out without deciding anything. Give at most one such block in an answer, and the whole plan again when it changes. Don't ask whether to begin: the user's program does.`

// DefaultMode are the instructions of the default mode where a client sends none: they
// end another mode.
const DefaultMode = `# Default mode

You work in the default mode: what an earlier <collaboration_mode> block said about another mode no longer holds. Do what the user asks for. Where something is not said, assume what is reasonable, go on and mention it; ask in plain words, and only when a wrong guess would do harm. ` + "`request_user_input`" + ` may only be called when it is among your tools and says that it works here. Only another <collaboration_mode> block changes the mode.`
