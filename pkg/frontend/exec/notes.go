package exec

import "codex/pkg/protocol"

// quiet lists the notifications that no rendering shows, so that the engine need not
// make them. With stream, pieces of messages are wanted.
func quiet(stream bool) []string {
	list := []string{
		protocol.NoteThreadStarted, protocol.NoteThreadStatusChanged, protocol.NoteThreadSettingsUpdated,
		protocol.NoteThreadNameUpdated, protocol.NoteThreadGoalUpdated, protocol.NoteThreadGoalCleared,
		protocol.NoteThreadCompacted,
		protocol.NoteItemPlanDelta, protocol.NoteItemCommandExecutionOutputDelta,
		protocol.NoteItemCommandExecutionTerminalInteraction, protocol.NoteItemFileChangeOutputDelta,
		protocol.NoteItemFileChangePatchUpdated, protocol.NoteItemMcpToolCallProgress,
		protocol.NoteItemReasoningSummaryPartAdded, protocol.NoteItemReasoningTextDelta,
		protocol.NoteServerRequestResolved, protocol.NoteMcpServerStartupStatusUpdated,
		protocol.NoteAccountUpdated, protocol.NoteAccountRateLimitsUpdated, protocol.NoteAppListUpdated,
		protocol.NoteRemoteControlStatusChanged, protocol.NoteSkillsChanged, protocol.NoteModelVerification,
		protocol.NoteWarning, protocol.NoteGuardianWarning,
		protocol.NoteItemAutoApprovalReviewStarted, protocol.NoteItemAutoApprovalReviewCompleted,
	}
	if !stream {
		list = append(list, protocol.NoteItemAgentMessageDelta, protocol.NoteItemReasoningSummaryTextDelta)
	}
	return list
}
