package appserver

import (
	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

type method = jsonrpc.Method[*request]

// with has the params decoded for a handler.
func with[P any](f func(r *request, p *P) (any, error)) func(r *request) (any, error) {
	return jsonrpc.With(f)
}

// threadKey is the queue of a thread.
func threadKey(id string) string { return "thread:" + id }

// byThread keeps requests about one thread in their order.
func byThread(r *request) string {
	id := gjson.GetBytes(r.Params, "threadId").Str
	if norm, ok := thread.ParseID(id); ok {
		id = norm
	}
	return threadKey(id)
}

// table lists all methods: those of threads, and what is served without one.
func (s *Server) table() map[string]method {
	m := map[string]method{
		protocol.MethodThreadStart:          {Run: with(s.threadStart), Key: jsonrpc.OneQueue[*request]("threads")},
		protocol.MethodThreadResume:         {Run: with(s.threadResume), Key: byThread},
		protocol.MethodThreadFork:           {Run: with(s.threadFork), Key: byThread},
		protocol.MethodThreadRead:           {Run: with(s.threadRead), Key: byThread},
		protocol.MethodThreadList:           {Run: with(s.threadList)},
		protocol.MethodThreadLoadedList:     {Run: with(s.threadLoadedList)},
		protocol.MethodThreadNameSet:        {Run: with(s.threadNameSet), Key: byThread},
		protocol.MethodThreadMetadataUpdate: {Run: with(s.threadMetadataUpdate), Key: byThread},
		protocol.MethodThreadArchive:        {Run: with(s.threadArchive), Key: byThread},
		protocol.MethodThreadUnarchive:      {Run: with(s.threadUnarchive), Key: byThread},
		protocol.MethodThreadUnsubscribe:    {Run: with(s.threadUnsubscribe), Key: byThread},
		protocol.MethodThreadRollback:       {Run: with(s.threadRollback), Key: byThread},
		protocol.MethodThreadTurnsList:      {Run: with(s.threadTurnsList), Key: byThread},
		protocol.MethodThreadItemsList:      {Run: with(s.threadItemsList), Key: byThread},
		protocol.MethodThreadItemsRead:      {Run: with(s.threadItemsRead), Key: byThread, Experimental: true},
		protocol.MethodThreadDelete:         {Run: with(s.threadDelete), Key: byThread},
		protocol.MethodThreadRevert:         {Run: with(s.threadRevert), Key: byThread},
		protocol.MethodThreadTurnsItemsList: {Run: unsupported, Experimental: true},
		methodConversationSummary:           {Run: with(s.conversationSummary)},

		protocol.MethodThreadMemoryModeSet:        {Run: with(s.threadMemoryModeSet), Key: byThread, Experimental: true},
		protocol.MethodThreadIncrementElicitation: {Run: with(s.threadIncrement), Key: byThread, Experimental: true},
		protocol.MethodThreadDecrementElicitation: {Run: with(s.threadDecrement), Key: byThread, Experimental: true},

		protocol.MethodTurnStart:     {Run: with(s.turnStart), Key: byThread},
		protocol.MethodTurnSteer:     {Run: with(s.turnSteer), Key: byThread},
		protocol.MethodTurnInterrupt: {Run: with(s.turnInterrupt), Key: byThread},

		// The engine's own.
		protocol.MethodThreadGoalSet:                      {Run: toEngine[protocol.ThreadGoalSetParams](s), Key: byThread},
		protocol.MethodThreadGoalGet:                      {Run: toEngine[protocol.ThreadGoalGetParams](s), Key: byThread},
		protocol.MethodThreadGoalClear:                    {Run: toEngine[protocol.ThreadGoalClearParams](s), Key: byThread},
		protocol.MethodThreadCompactStart:                 {Run: toEngine[protocol.ThreadCompactStartParams](s), Key: byThread},
		protocol.MethodThreadShellCommand:                 {Run: toEngine[protocol.ThreadShellCommandParams](s), Key: byThread},
		protocol.MethodThreadInjectItems:                  {Run: toEngine[protocol.ThreadInjectItemsParams](s), Key: byThread},
		protocol.MethodThreadSettingsUpdate:               {Run: toEngine[protocol.ThreadSettingsUpdateParams](s), Key: byThread, Experimental: true},
		protocol.MethodThreadBackgroundTerminalsClean:     {Run: ofEngine[protocol.ThreadBackgroundTerminalsCleanParams, protocol.ThreadBackgroundTerminalsCleanResponse](s), Key: byThread, Experimental: true},
		protocol.MethodThreadBackgroundTerminalsList:      {Run: ofEngine[protocol.ThreadBackgroundTerminalsListParams, protocol.ThreadBackgroundTerminalsListResponse](s), Key: byThread, Experimental: true},
		protocol.MethodThreadBackgroundTerminalsTerminate: {Run: ofEngine[protocol.ThreadBackgroundTerminalsTerminateParams, protocol.ThreadBackgroundTerminalsTerminateResponse](s), Key: byThread, Experimental: true},
		protocol.MethodReviewStart:                        {Run: with(s.reviewStart), Key: byThread},

		// Servers of the Model Context Protocol.
		protocol.MethodMcpServerStatusList:   {Run: with(func(r *request, _ *protocol.ListMcpServerStatusParams) (any, error) { return s.askEngine(r) })},
		protocol.MethodMcpServerResourceRead: {Run: toEngine[protocol.McpResourceReadParams](s)},
		protocol.MethodMcpServerToolCall:     {Run: toEngine[protocol.McpServerToolCallParams](s), Key: byThread},
		protocol.MethodConfigMcpServerReload: {Run: s.mcpReload},

		protocol.MethodRemoteControlStatusRead: {Run: s.remoteControlRead, Experimental: true},
		protocol.MethodRemoteControlEnable:     {Run: s.remoteControlEnable, Key: jsonrpc.OneQueue[*request]("remote"), Experimental: true},
		protocol.MethodRemoteControlDisable:    {Run: s.remoteControlDisable, Key: jsonrpc.OneQueue[*request]("remote"), Experimental: true},
	}
	for name, l := range s.local.Methods() {
		e := method{Run: func(r *request) (any, error) { return l.Run(&r.Request) }, Experimental: l.Experimental}
		if l.Key != nil {
			e.Key = func(r *request) string { return l.Key(&r.Request) }
		}
		m[name] = e
	}
	return m
}

// unsupported is the one method that the original itself refuses, with a code of its own.
func unsupported(r *request) (any, error) {
	return nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "%s is not supported yet", r.Method)
}
