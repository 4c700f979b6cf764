package local

import (
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// feature is something that the original has and this server has not: the methods that
// it answers by saying so.
type feature struct {
	exp     bool // they need the experimentalApi capability
	methods []string
}

// unbuilt lists them all, in this one place. Whoever builds one moves its methods to
// a table.
func unbuilt() []feature {
	return []feature{
		// The guardian.
		{methods: []string{protocol.MethodThreadApproveGuardianDeniedAction}},
		// Realtime voice.
		{exp: true, methods: []string{protocol.MethodThreadRealtimeStart, protocol.MethodThreadRealtimeAppendAudio,
			protocol.MethodThreadRealtimeAppendText, protocol.MethodThreadRealtimeStop, protocol.MethodThreadRealtimeListVoices}},
		// Plugins that are elsewhere.
		{methods: []string{protocol.MethodPluginSkillRead,
			protocol.MethodPluginShareSave, protocol.MethodPluginShareUpdateTargets, protocol.MethodPluginShareList,
			protocol.MethodPluginShareCheckout, protocol.MethodPluginShareDelete}},
		// Apps.
		{methods: []string{protocol.MethodAppList}},
		// Import from other agents.
		{methods: []string{protocol.MethodExternalAgentConfigDetect, protocol.MethodExternalAgentConfigImport}},
		// Features switched while the server runs.
		{methods: []string{protocol.MethodExperimentalFeatureEnablementSet}},
		// Environments.
		{exp: true, methods: []string{protocol.MethodEnvironmentAdd}},
	}
}

// notBuilt answers for them; nothing is made up.
func notBuilt(r *Request) (any, error) {
	return nil, jsonrpc.Invalidf("%s is not supported yet", r.Method)
}
