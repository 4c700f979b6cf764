package appserver

import (
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// method is how a request is answered.
type method struct {
	run func(r *request) (any, error)
	// lane gives the key under which requests keep their order; nil: they need none.
	lane func(r *request) string
	exp  bool // needs the experimentalApi capability
}

// with decodes the params for a handler.
func with[P any](f func(r *request, p *P) (any, error)) func(r *request) (any, error) {
	return func(r *request) (any, error) {
		p := new(P)
		if err := decode(r, p); err != nil {
			return nil, err
		}
		return f(r, p)
	}
}

// bare is for methods without params.
func bare(f func(r *request) (any, error)) func(r *request) (any, error) { return f }

func oneLane(key string) func(*request) string { return func(*request) string { return key } }

// table lists all methods: those of threads first, then the utilities, then what is not
// built. A feature adds its methods here, and takes them out of unbuilt.
func (s *Server) table() map[string]method {
	thread := s.inLane
	conf := oneLane("config")
	account := oneLane("account")
	m := map[string]method{
		protocol.MethodThreadStart:          {run: with(s.threadStart), lane: oneLane("threads")},
		protocol.MethodThreadResume:         {run: with(s.threadResume), lane: thread},
		protocol.MethodThreadFork:           {run: with(s.threadFork), lane: thread},
		protocol.MethodThreadRead:           {run: with(s.threadRead), lane: thread},
		protocol.MethodThreadList:           {run: with(s.threadList)},
		protocol.MethodThreadLoadedList:     {run: with(s.threadLoadedList)},
		protocol.MethodThreadNameSet:        {run: with(s.threadNameSet), lane: thread},
		protocol.MethodThreadMetadataUpdate: {run: with(s.threadMetadataUpdate), lane: thread},
		protocol.MethodThreadArchive:        {run: with(s.threadArchive), lane: thread},
		protocol.MethodThreadUnarchive:      {run: with(s.threadUnarchive), lane: thread},
		protocol.MethodThreadUnsubscribe:    {run: with(s.threadUnsubscribe), lane: thread},
		protocol.MethodThreadRollback:       {run: with(s.threadRollback), lane: thread},
		protocol.MethodThreadTurnsList:      {run: with(s.threadTurnsList), lane: thread, exp: true},
		protocol.MethodThreadTurnsItemsList: {run: unsupported, exp: true},

		protocol.MethodThreadMemoryModeSet:        {run: with(s.threadMemoryModeSet), lane: thread, exp: true},
		protocol.MethodThreadIncrementElicitation: {run: with(s.threadIncrement), lane: thread, exp: true},
		protocol.MethodThreadDecrementElicitation: {run: with(s.threadDecrement), lane: thread, exp: true},

		protocol.MethodTurnStart:     {run: with(s.turnStart), lane: thread},
		protocol.MethodTurnSteer:     {run: with(s.turnSteer), lane: thread},
		protocol.MethodTurnInterrupt: {run: with(s.turnInterrupt), lane: thread},

		// The engine's own.
		protocol.MethodThreadCompactStart:             {run: s.toEngine, lane: thread},
		protocol.MethodThreadShellCommand:             {run: s.toEngine, lane: thread},
		protocol.MethodThreadInjectItems:              {run: s.toEngine, lane: thread},
		protocol.MethodThreadSettingsUpdate:           {run: with(s.threadSettingsUpdate), lane: thread, exp: true},
		protocol.MethodThreadBackgroundTerminalsClean: {run: with(s.cleanTerminals), lane: thread, exp: true},
		protocol.MethodReviewStart:                    {run: with(s.reviewStart), lane: thread},

		protocol.MethodModelList:                     {run: with(s.modelList)},
		protocol.MethodModelProviderCapabilitiesRead: {run: bare(s.providerCapabilities)},
		protocol.MethodExperimentalFeatureList:       {run: with(s.featureList)},
		protocol.MethodPermissionProfileList:         {run: with(s.permissionProfiles)},
		protocol.MethodCollaborationModeList:         {run: bare(s.collaborationModes), exp: true},
		protocol.MethodRemoteControlStatusRead:       {run: bare(s.remoteControlRead), exp: true},
		protocol.MethodRemoteControlEnable:           {run: bare(s.remoteControlEnable), lane: oneLane("remote"), exp: true},
		protocol.MethodRemoteControlDisable:          {run: bare(s.remoteControlDisable), lane: oneLane("remote"), exp: true},
		protocol.MethodMockExperimentalMethod:        {run: with(mockMethod), exp: true},
		protocol.MethodWindowsSandboxReadiness:       {run: bare(windowsReadiness)},
		protocol.MethodWindowsSandboxSetupStart:      {run: with(windowsSetup)},
		protocol.MethodFeedbackUpload:                {run: with(s.feedback)},

		protocol.MethodConfigRead:             {run: with(s.configRead), lane: conf},
		protocol.MethodConfigValueWrite:       {run: with(s.configValueWrite), lane: conf},
		protocol.MethodConfigBatchWrite:       {run: with(s.configBatchWrite), lane: conf},
		protocol.MethodConfigRequirementsRead: {run: bare(s.requirementsRead), lane: conf},

		protocol.MethodAccountRead:                     {run: with(s.accountRead), lane: account},
		protocol.MethodAccountLoginStart:               {run: with(s.loginStart), lane: account},
		protocol.MethodAccountLoginCancel:              {run: with(s.loginCancel), lane: account},
		protocol.MethodAccountLogout:                   {run: bare(s.logout), lane: account},
		protocol.MethodAccountRateLimitsRead:           {run: bare(s.rateLimits), lane: account},
		protocol.MethodAccountSendAddCreditsNudgeEmail: {run: with(s.creditsNudge), lane: account},

		protocol.MethodFsReadFile:        {run: with(fsReadFile)},
		protocol.MethodFsWriteFile:       {run: with(fsWriteFile)},
		protocol.MethodFsCreateDirectory: {run: with(fsCreateDirectory)},
		protocol.MethodFsGetMetadata:     {run: with(fsGetMetadata)},
		protocol.MethodFsReadDirectory:   {run: with(fsReadDirectory)},
		protocol.MethodFsRemove:          {run: with(fsRemove)},
		protocol.MethodFsCopy:            {run: with(fsCopy)},
		protocol.MethodFsWatch:           {run: with(s.fsWatch)},
		protocol.MethodFsUnwatch:         {run: with(s.fsUnwatch)},

		protocol.MethodCommandExec:          {run: with(s.commandExec), lane: inExec},
		protocol.MethodCommandExecWrite:     {run: with(s.commandWrite), lane: inExec},
		protocol.MethodCommandExecResize:    {run: with(s.commandResize), lane: inExec},
		protocol.MethodCommandExecTerminate: {run: with(s.commandTerminate), lane: inExec},
		protocol.MethodProcessSpawn:         {run: with(s.processSpawn), lane: inExec, exp: true},
		protocol.MethodProcessWriteStdin:    {run: with(s.processWrite), lane: inExec, exp: true},
		protocol.MethodProcessResizePty:     {run: with(s.processResize), lane: inExec, exp: true},
		protocol.MethodProcessKill:          {run: with(s.processKill), lane: inExec, exp: true},

		protocol.MethodFuzzyFileSearch:              {run: with(s.fuzzy)},
		protocol.MethodFuzzyFileSearchSessionStart:  {run: with(s.fuzzyStart), lane: inSearch, exp: true},
		protocol.MethodFuzzyFileSearchSessionUpdate: {run: with(s.fuzzyUpdate), lane: inSearch, exp: true},
		protocol.MethodFuzzyFileSearchSessionStop:   {run: with(s.fuzzyStop), exp: true},

		// From before the second version of the protocol, and in no schema any more.
		methodConversationSummary: {run: with(s.conversationSummary)},
		methodGitDiffToRemote:     {run: with(s.gitDiffToRemote)},
		methodAuthStatus:          {run: with(s.authStatus), lane: account},
	}
	for _, f := range unbuilt() {
		for _, name := range f.methods {
			m[name] = method{run: notBuilt, exp: f.exp}
		}
	}
	return m
}

// unsupported is the one method that the original itself refuses, with a code of its own.
func unsupported(r *request) (any, error) {
	return nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "%s is not supported yet", r.method)
}
