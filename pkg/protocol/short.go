package protocol

// Messages without members. Each is a type of its own, since each is a definition of the
// schema.
type (
	AttestationGenerateParams                      struct{}
	CollaborationModeListParams                    struct{}
	CommandExecResizeResponse                      struct{}
	CommandExecTerminateResponse                   struct{}
	CommandExecWriteResponse                       struct{}
	EnvironmentAddResponse                         struct{}
	ExternalAgentConfigImportCompletedNotification struct{}
	ExternalAgentConfigImportResponse              struct{}
	FsCopyResponse                                 struct{}
	FsCreateDirectoryResponse                      struct{}
	FsRemoveResponse                               struct{}
	FsUnwatchResponse                              struct{}
	FsWriteFileResponse                            struct{}
	FuzzyFileSearchSessionStartResponse            struct{}
	FuzzyFileSearchSessionStopResponse             struct{}
	FuzzyFileSearchSessionUpdateResponse           struct{}
	LogoutAccountResponse                          struct{}
	McpServerRefreshResponse                       struct{}
	MemoryResetResponse                            struct{}
	ModelProviderCapabilitiesReadParams            struct{}
	PluginShareDeleteResponse                      struct{}
	PluginShareListParams                          struct{}
	PluginUninstallResponse                        struct{}
	ProcessKillResponse                            struct{}
	ProcessResizePtyResponse                       struct{}
	ProcessSpawnResponse                           struct{}
	ProcessWriteStdinResponse                      struct{}
	SkillsChangedNotification                      struct{}
	SkillsExtraRootsSetResponse                    struct{}
	ThreadApproveGuardianDeniedActionResponse      struct{}
	ThreadArchiveResponse                          struct{}
	ThreadBackgroundTerminalsCleanResponse         struct{}
	ThreadCompactStartResponse                     struct{}
	ThreadDeleteResponse                           struct{}
	ThreadInjectItemsResponse                      struct{}
	ThreadMemoryModeSetResponse                    struct{}
	ThreadRealtimeAppendAudioResponse              struct{}
	ThreadRealtimeAppendTextResponse               struct{}
	ThreadRealtimeListVoicesParams                 struct{}
	ThreadRealtimeStartResponse                    struct{}
	ThreadRealtimeStopResponse                     struct{}
	ThreadSetNameResponse                          struct{}
	ThreadSettingsUpdateResponse                   struct{}
	ThreadShellCommandResponse                     struct{}
	TurnInterruptResponse                          struct{}
)

type threadOnly struct {
	ThreadID string `json:"threadId"`
}

// Messages that only say which thread they are about.
type (
	ThreadArchiveParams                  threadOnly
	ThreadArchivedNotification           threadOnly
	ThreadBackgroundTerminalsCleanParams threadOnly
	ThreadClosedNotification             threadOnly
	ThreadCompactStartParams             threadOnly
	ThreadDecrementElicitationParams     threadOnly
	ThreadDeleteParams                   threadOnly
	ThreadDeletedNotification            threadOnly
	ThreadGoalClearParams                threadOnly
	ThreadGoalClearedNotification        threadOnly
	ThreadGoalGetParams                  threadOnly
	ThreadIncrementElicitationParams     threadOnly
	ThreadRealtimeStopParams             threadOnly
	ThreadRevertedNotification           threadOnly
	ThreadUnarchiveParams                threadOnly
	ThreadUnarchivedNotification         threadOnly
	ThreadUnsubscribeParams              threadOnly
)
