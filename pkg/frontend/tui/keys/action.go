package keys

// Action is something that a key does, and the keys that do it. Its name is that of
// config.toml: tui.keymap.CONTEXT.NAME. Those without a context have keys that cannot be
// changed.
type Action struct {
	Context, Name, About string
	Keys                 string // separated by blanks; "" when no key does it
	code                 Code   // that stands for it, when none of its keys does
}

// Contexts of actions.
const (
	Global      = "global"
	Chat        = "chat"
	Compose     = "composer"
	Editor      = "editor"
	VimNormal   = "vim_normal"
	VimOperator = "vim_operator"
	Pager       = "pager"
	List        = "list"
	Approval    = "approval"
)

// Keys that no keyboard has: they stand for actions that have no key of their own.
const (
	None Code = Function + 100 + iota // does nothing
	Sheet
	ToggleVim
	ToggleFast
	ToggleRaw
	KillLine
	OpenThread
	NewLine
)

// actions are all of them: what is told of keys is made of this table.
var actions = [...]Action{
	{Context: "", Name: "leave", About: "clear the composer, interrupt the turn, or leave: what there is to do first", Keys: "ctrl-c"},
	{Context: "", Name: "suspend", About: "suspend", Keys: "ctrl-z"},
	{Context: "", Name: "interrupt", About: "interrupt the turn; twice on an empty composer: edit an earlier message", Keys: "esc"},
	{Context: "", Name: "mode", About: "plan mode on or off", Keys: "shift-tab"},
	{Context: "", Name: "paste_image", About: "attach the image in the clipboard", Keys: "ctrl-v ctrl-alt-v"},

	{Context: Global, Name: "open_transcript", About: "the whole transcript", Keys: "ctrl-t"},
	{Context: Global, Name: "open_external_editor", About: "edit the text in another editor", Keys: "ctrl-g"},
	{Context: Global, Name: "copy", About: "copy the last answer", Keys: "ctrl-o"},
	{Context: Global, Name: "clear_terminal", About: "clear the screen", Keys: "ctrl-l"},
	{Context: Global, Name: "toggle_vim_mode", About: "keys of vi on or off", code: ToggleVim},
	{Context: Global, Name: "toggle_fast_mode", About: "the model's faster tier on or off", code: ToggleFast},
	{Context: Global, Name: "toggle_raw_output", About: "text as it is, to be copied, or drawn", Keys: "alt-r", code: ToggleRaw},

	{Context: Chat, Name: "decrease_reasoning_effort", About: "the model shall think less", Keys: "alt-,"},
	{Context: Chat, Name: "increase_reasoning_effort", About: "the model shall think more", Keys: "alt-."},
	{Context: Chat, Name: "edit_queued_message", About: "take the last message that waits back", Keys: "alt-up shift-left"},

	{Context: Compose, Name: "submit", About: "send", Keys: "enter"},
	{Context: Compose, Name: "queue", About: "keep it until the turn has ended", Keys: "tab"},
	{Context: Compose, Name: "toggle_shortcuts", About: "the keys, on an empty composer", Keys: "?", code: Sheet},
	{Context: Compose, Name: "history_search_previous", About: "search earlier messages", Keys: "ctrl-r"},
	{Context: Compose, Name: "history_search_next", About: "the next one, in a search", Keys: "ctrl-s"},

	{Context: Editor, Name: "insert_newline", About: "a new line", Keys: "ctrl-j ctrl-m enter shift-enter alt-enter", code: NewLine},
	{Context: Editor, Name: "move_left", About: "left", Keys: "left ctrl-b"},
	{Context: Editor, Name: "move_right", About: "right", Keys: "right ctrl-f"},
	{Context: Editor, Name: "move_up", About: "up; in the first line, an earlier message", Keys: "up ctrl-p"},
	{Context: Editor, Name: "move_down", About: "down; in the last line, a later message", Keys: "down ctrl-n"},
	{Context: Editor, Name: "move_word_left", About: "a word to the left", Keys: "alt-b alt-left ctrl-left"},
	{Context: Editor, Name: "move_word_right", About: "a word to the right", Keys: "alt-f alt-right ctrl-right"},
	{Context: Editor, Name: "move_line_start", About: "begin of the line, then of the line before", Keys: "home ctrl-a"},
	{Context: Editor, Name: "move_line_end", About: "end of the line, then of the next line", Keys: "end ctrl-e"},
	{Context: Editor, Name: "delete_backward", About: "delete the character before", Keys: "backspace shift-backspace ctrl-h"},
	{Context: Editor, Name: "delete_forward", About: "delete the character behind; ctrl-d leaves when nothing is written", Keys: "delete shift-delete ctrl-d"},
	{Context: Editor, Name: "delete_backward_word", About: "delete the word before", Keys: "alt-backspace ctrl-backspace ctrl-shift-backspace ctrl-w ctrl-alt-h"},
	{Context: Editor, Name: "delete_forward_word", About: "delete the word behind", Keys: "alt-delete ctrl-delete ctrl-shift-delete alt-d"},
	{Context: Editor, Name: "kill_line_start", About: "delete up to the begin of the line", Keys: "ctrl-u"},
	{Context: Editor, Name: "kill_whole_line", About: "delete the line", code: KillLine},
	{Context: Editor, Name: "kill_line_end", About: "delete up to the end of the line", Keys: "ctrl-k"},
	{Context: Editor, Name: "yank", About: "bring back what was deleted", Keys: "ctrl-y"},

	{Context: VimNormal, Name: "enter_insert", About: "write here", Keys: "i insert"},
	{Context: VimNormal, Name: "append_after_cursor", About: "write behind the cursor", Keys: "a"},
	{Context: VimNormal, Name: "append_line_end", About: "write at the end of the line", Keys: "A"},
	{Context: VimNormal, Name: "insert_line_start", About: "write at the begin of the line", Keys: "I"},
	{Context: VimNormal, Name: "open_line_below", About: "a new line below", Keys: "o"},
	{Context: VimNormal, Name: "open_line_above", About: "a new line above", Keys: "O"},
	{Context: VimNormal, Name: "move_left", About: "left", Keys: "h left"},
	{Context: VimNormal, Name: "move_right", About: "right", Keys: "l right"},
	{Context: VimNormal, Name: "move_up", About: "up", Keys: "k up"},
	{Context: VimNormal, Name: "move_down", About: "down", Keys: "j down"},
	{Context: VimNormal, Name: "move_word_forward", About: "to the next word", Keys: "w"},
	{Context: VimNormal, Name: "move_word_backward", About: "to the word before", Keys: "b"},
	{Context: VimNormal, Name: "move_word_end", About: "to the end of the word", Keys: "e"},
	{Context: VimNormal, Name: "move_line_start", About: "begin of the line", Keys: "0"},
	{Context: VimNormal, Name: "move_line_end", About: "end of the line", Keys: "$"},
	{Context: VimNormal, Name: "delete_char", About: "delete a character", Keys: "x"},
	{Context: VimNormal, Name: "delete_to_line_end", About: "delete up to the end of the line", Keys: "D"},
	{Context: VimNormal, Name: "yank_line", About: "copy the line", Keys: "Y"},
	{Context: VimNormal, Name: "paste_after", About: "put what was deleted behind the cursor", Keys: "p"},
	{Context: VimNormal, Name: "start_delete_operator", About: "delete where the next motion leads", Keys: "d"},
	{Context: VimNormal, Name: "start_yank_operator", About: "copy where the next motion leads", Keys: "y"},
	{Context: VimNormal, Name: "cancel_operator", About: "no motion after all", Keys: "esc"},

	{Context: VimOperator, Name: "delete_line", About: "after d: the whole line", Keys: "d"},
	{Context: VimOperator, Name: "yank_line", About: "after y: the whole line", Keys: "y"},
	{Context: VimOperator, Name: "motion_left", About: "left", Keys: "h"},
	{Context: VimOperator, Name: "motion_right", About: "right", Keys: "l"},
	{Context: VimOperator, Name: "motion_up", About: "the line and the one above", Keys: "k"},
	{Context: VimOperator, Name: "motion_down", About: "the line and the one below", Keys: "j"},
	{Context: VimOperator, Name: "motion_word_forward", About: "to the next word", Keys: "w"},
	{Context: VimOperator, Name: "motion_word_backward", About: "to the word before", Keys: "b"},
	{Context: VimOperator, Name: "motion_word_end", About: "to the end of the word", Keys: "e"},
	{Context: VimOperator, Name: "motion_line_start", About: "to the begin of the line", Keys: "0"},
	{Context: VimOperator, Name: "motion_line_end", About: "to the end of the line", Keys: "$"},
	{Context: VimOperator, Name: "cancel", About: "no motion after all", Keys: "esc"},

	{Context: Pager, Name: "scroll_up", About: "a line up", Keys: "up k"},
	{Context: Pager, Name: "scroll_down", About: "a line down", Keys: "down j"},
	{Context: Pager, Name: "page_up", About: "a page up", Keys: "page-up shift-space ctrl-b"},
	{Context: Pager, Name: "page_down", About: "a page down", Keys: "page-down space ctrl-f"},
	{Context: Pager, Name: "half_page_up", About: "half a page up", Keys: "ctrl-u"},
	{Context: Pager, Name: "half_page_down", About: "half a page down", Keys: "ctrl-d"},
	{Context: Pager, Name: "jump_top", About: "to the begin", Keys: "home"},
	{Context: Pager, Name: "jump_bottom", About: "to the end", Keys: "end"},
	{Context: Pager, Name: "close", About: "close the page", Keys: "q ctrl-c"},
	{Context: Pager, Name: "close_transcript", About: "close the page", Keys: "ctrl-t"},

	{Context: List, Name: "move_up", About: "up", Keys: "up ctrl-p ctrl-k k"},
	{Context: List, Name: "move_down", About: "down", Keys: "down ctrl-n ctrl-j j"},
	{Context: List, Name: "move_left", About: "what is listed: the sessions of the folder, or all", Keys: "left ctrl-h"},
	{Context: List, Name: "move_right", About: "what is listed: the sessions of the folder, or all", Keys: "right ctrl-l"},
	{Context: List, Name: "page_up", About: "a page up", Keys: "page-up ctrl-b"},
	{Context: List, Name: "page_down", About: "a page down", Keys: "page-down ctrl-f"},
	{Context: List, Name: "jump_top", About: "to the first", Keys: "home"},
	{Context: List, Name: "jump_bottom", About: "to the last", Keys: "end"},
	{Context: List, Name: "accept", About: "choose", Keys: "enter"},
	{Context: List, Name: "cancel", About: "go back", Keys: "esc"},

	{Context: Approval, Name: "open_fullscreen", About: "all of what is asked", Keys: "ctrl-a ctrl-shift-a"},
	{Context: Approval, Name: "open_thread", About: "the thread that asks", Keys: "o", code: OpenThread},
	{Context: Approval, Name: "approve", About: "yes", Keys: "y"},
	{Context: Approval, Name: "approve_for_session", About: "yes, in the whole session", Keys: "a"},
	{Context: Approval, Name: "approve_for_prefix", About: "yes, also for what begins alike", Keys: "p"},
	{Context: Approval, Name: "deny", About: "no, go on without it", Keys: "d"},
	{Context: Approval, Name: "decline", About: "no, and stop", Keys: "esc n"},
	{Context: Approval, Name: "cancel", About: "of a server's question: answer nothing", Keys: "c"},
}

// Actions are all of them.
func Actions() []Action { return actions[:] }

// Path is where config.toml has its keys.
func (a Action) Path() []string { return []string{"tui", "keymap", a.Context, a.Name} }
