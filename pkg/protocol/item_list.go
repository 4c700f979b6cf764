package protocol

// ItemVariants gives one empty item of each variant, in the order of the schema, for the
// schema generator and for tests.
func ItemVariants() []ThreadItem {
	return []ThreadItem{
		new(UserMessageItem), new(HookPromptItem), new(AgentMessageItem), new(PlanItem),
		new(ReasoningItem), new(CommandExecutionItem), new(FileChangeItem),
		new(McpToolCallItem), new(DynamicToolCallItem), new(CollabAgentToolCallItem),
		new(WebSearchItem), new(ImageViewItem), new(ImageGenerationItem),
		new(EnteredReviewModeItem), new(ExitedReviewModeItem), new(ContextCompactionItem),
	}
}
