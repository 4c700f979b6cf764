package protocol

// Item types, the type member of a ThreadItem.
const (
	ItemUserMessage         = "userMessage"
	ItemHookPrompt          = "hookPrompt"
	ItemAgentMessage        = "agentMessage"
	ItemPlan                = "plan"
	ItemReasoning           = "reasoning"
	ItemCommandExecution    = "commandExecution"
	ItemFileChange          = "fileChange"
	ItemMcpToolCall         = "mcpToolCall"
	ItemDynamicToolCall     = "dynamicToolCall"
	ItemCollabAgentToolCall = "collabAgentToolCall"
	ItemWebSearch           = "webSearch"
	ItemImageView           = "imageView"
	ItemImageGeneration     = "imageGeneration"
	ItemEnteredReviewMode   = "enteredReviewMode"
	ItemExitedReviewMode    = "exitedReviewMode"
	ItemContextCompaction   = "contextCompaction"
)

// What each item answers for ItemType, and its id.

func (*UserMessageItem) ItemType() string         { return ItemUserMessage }
func (*HookPromptItem) ItemType() string          { return ItemHookPrompt }
func (*AgentMessageItem) ItemType() string        { return ItemAgentMessage }
func (*PlanItem) ItemType() string                { return ItemPlan }
func (*ReasoningItem) ItemType() string           { return ItemReasoning }
func (*CommandExecutionItem) ItemType() string    { return ItemCommandExecution }
func (*FileChangeItem) ItemType() string          { return ItemFileChange }
func (*McpToolCallItem) ItemType() string         { return ItemMcpToolCall }
func (*DynamicToolCallItem) ItemType() string     { return ItemDynamicToolCall }
func (*CollabAgentToolCallItem) ItemType() string { return ItemCollabAgentToolCall }
func (*WebSearchItem) ItemType() string           { return ItemWebSearch }
func (*ImageViewItem) ItemType() string           { return ItemImageView }
func (*ImageGenerationItem) ItemType() string     { return ItemImageGeneration }
func (*EnteredReviewModeItem) ItemType() string   { return ItemEnteredReviewMode }
func (*ExitedReviewModeItem) ItemType() string    { return ItemExitedReviewMode }
func (*ContextCompactionItem) ItemType() string   { return ItemContextCompaction }

func (i *UserMessageItem) ItemID() string         { return i.ID }
func (i *HookPromptItem) ItemID() string          { return i.ID }
func (i *AgentMessageItem) ItemID() string        { return i.ID }
func (i *PlanItem) ItemID() string                { return i.ID }
func (i *ReasoningItem) ItemID() string           { return i.ID }
func (i *CommandExecutionItem) ItemID() string    { return i.ID }
func (i *FileChangeItem) ItemID() string          { return i.ID }
func (i *McpToolCallItem) ItemID() string         { return i.ID }
func (i *DynamicToolCallItem) ItemID() string     { return i.ID }
func (i *CollabAgentToolCallItem) ItemID() string { return i.ID }
func (i *WebSearchItem) ItemID() string           { return i.ID }
func (i *ImageViewItem) ItemID() string           { return i.ID }
func (i *ImageGenerationItem) ItemID() string     { return i.ID }
func (i *EnteredReviewModeItem) ItemID() string   { return i.ID }
func (i *ExitedReviewModeItem) ItemID() string    { return i.ID }
func (i *ContextCompactionItem) ItemID() string   { return i.ID }
