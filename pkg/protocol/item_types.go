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

// ItemType is ItemUserMessage.
func (i *UserMessageItem) ItemType() string { return ItemUserMessage }

// ItemID is the item's id.
func (i *UserMessageItem) ItemID() string { return i.ID }

// ItemType is ItemHookPrompt.
func (i *HookPromptItem) ItemType() string { return ItemHookPrompt }

// ItemID is the item's id.
func (i *HookPromptItem) ItemID() string { return i.ID }

// ItemType is ItemAgentMessage.
func (i *AgentMessageItem) ItemType() string { return ItemAgentMessage }

// ItemID is the item's id.
func (i *AgentMessageItem) ItemID() string { return i.ID }

// ItemType is ItemPlan.
func (i *PlanItem) ItemType() string { return ItemPlan }

// ItemID is the item's id.
func (i *PlanItem) ItemID() string { return i.ID }

// ItemType is ItemReasoning.
func (i *ReasoningItem) ItemType() string { return ItemReasoning }

// ItemID is the item's id.
func (i *ReasoningItem) ItemID() string { return i.ID }

// ItemType is ItemCommandExecution.
func (i *CommandExecutionItem) ItemType() string { return ItemCommandExecution }

// ItemID is the item's id.
func (i *CommandExecutionItem) ItemID() string { return i.ID }

// ItemType is ItemFileChange.
func (i *FileChangeItem) ItemType() string { return ItemFileChange }

// ItemID is the item's id.
func (i *FileChangeItem) ItemID() string { return i.ID }

// ItemType is ItemMcpToolCall.
func (i *McpToolCallItem) ItemType() string { return ItemMcpToolCall }

// ItemID is the item's id.
func (i *McpToolCallItem) ItemID() string { return i.ID }

// ItemType is ItemDynamicToolCall.
func (i *DynamicToolCallItem) ItemType() string { return ItemDynamicToolCall }

// ItemID is the item's id.
func (i *DynamicToolCallItem) ItemID() string { return i.ID }

// ItemType is ItemCollabAgentToolCall.
func (i *CollabAgentToolCallItem) ItemType() string { return ItemCollabAgentToolCall }

// ItemID is the item's id.
func (i *CollabAgentToolCallItem) ItemID() string { return i.ID }

// ItemType is ItemWebSearch.
func (i *WebSearchItem) ItemType() string { return ItemWebSearch }

// ItemID is the item's id.
func (i *WebSearchItem) ItemID() string { return i.ID }

// ItemType is ItemImageView.
func (i *ImageViewItem) ItemType() string { return ItemImageView }

// ItemID is the item's id.
func (i *ImageViewItem) ItemID() string { return i.ID }

// ItemType is ItemImageGeneration.
func (i *ImageGenerationItem) ItemType() string { return ItemImageGeneration }

// ItemID is the item's id.
func (i *ImageGenerationItem) ItemID() string { return i.ID }

// ItemType is ItemEnteredReviewMode.
func (i *EnteredReviewModeItem) ItemType() string { return ItemEnteredReviewMode }

// ItemID is the item's id.
func (i *EnteredReviewModeItem) ItemID() string { return i.ID }

// ItemType is ItemExitedReviewMode.
func (i *ExitedReviewModeItem) ItemType() string { return ItemExitedReviewMode }

// ItemID is the item's id.
func (i *ExitedReviewModeItem) ItemID() string { return i.ID }

// ItemType is ItemContextCompaction.
func (i *ContextCompactionItem) ItemType() string { return ItemContextCompaction }

// ItemID is the item's id.
func (i *ContextCompactionItem) ItemID() string { return i.ID }
