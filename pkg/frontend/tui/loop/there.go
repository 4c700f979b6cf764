package loop

import (
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/config"
	"codex/pkg/hooks"
	"codex/pkg/protocol"
)

// Settings, hooks and plugins of an app-server's session are those of its machine: they are
// asked for, and changed, there.

// change changes settings where those of the session are.
func (l *Loop) change(changes ...config.Change) {
	if !l.shared() {
		l.save(changes...)
		return
	}
	p := protocol.ConfigBatchWriteParams{ReloadUserConfig: true}
	for _, c := range changes {
		value, err := json.Marshal(c.Value)
		if err != nil {
			l.complain("Store the setting: %v", err)
			return
		}
		p.Edits = append(p.Edits, protocol.ConfigEdit{KeyPath: config.DottedKey(c.Path), Value: value, MergeStrategy: protocol.MergeStrategyReplace})
	}
	l.call(protocol.MethodConfigBatchWrite, p, func(_ gjson.Result, err error) {
		if err != nil {
			l.complain("Store the setting: %v", err)
		}
	})
}

// there asks the app-server for something, which is decoded for then.
func there[R any](l *Loop, method string, params any, then func(*R)) {
	l.call(method, params, func(r gjson.Result, err error) {
		res := new(R)
		if err == nil {
			err = json.Unmarshal([]byte(r.Raw), res)
		}
		if err != nil {
			l.complain("%s: %v", method, err)
			return
		}
		then(res)
		l.draw()
	})
}

func (l *Loop) featuresThere() {
	all := uint32(1000)
	there(l, protocol.MethodExperimentalFeatureList, protocol.ExperimentalFeatureListParams{Limit: &all}, func(r *protocol.ExperimentalFeatureListResponse) {
		var found []feature
		for _, f := range r.Data {
			if f.Stage == protocol.ExperimentalFeatureStageBeta {
				found = append(found, feature{f.Name, "experimental", f.Enabled})
			}
		}
		l.showFeatures(found)
	})
}

func (l *Loop) hooksThere() {
	p := protocol.HooksListParams{Cwds: protocol.List[string]{l.state.Thread.Cwd}}
	there(l, protocol.MethodHooksList, p, func(r *protocol.HooksListResponse) {
		var found []hooks.Hook
		var warnings []string
		for _, e := range r.Data {
			warnings = append(warnings, e.Warnings...)
			for _, bad := range e.Errors {
				warnings = append(warnings, bad.Path+": "+bad.Message)
			}
			for _, h := range e.Hooks {
				found = append(found, hooks.Hook{Key: h.Key, Event: hooks.FromCamel(string(h.EventName)), Matcher: h.Matcher, Command: protocol.Value(h.Command),
					SourcePath: h.SourcePath, Enabled: h.Enabled, Trust: hooks.Trust(h.TrustStatus), Hash: h.CurrentHash})
			}
		}
		l.foundHooks(found, warnings)
	})
}

func (l *Loop) pluginsThere() {
	there(l, protocol.MethodPluginList, protocol.PluginListParams{}, func(r *protocol.PluginListResponse) {
		var all []*offer
		for _, m := range r.Marketplaces {
			for _, p := range m.Plugins {
				if p.Installed || p.InstallPolicy != protocol.PluginInstallPolicyNotAvailable {
					all = append(all, l.offerThere(m.Path, p))
				}
			}
		}
		var warnings []string
		for _, bad := range r.MarketplaceLoadErrors {
			warnings = append(warnings, "marketplace "+bad.MarketplacePath+": "+bad.Message)
		}
		l.foundPlugins(all, warnings)
	})
}

func (l *Loop) offerThere(market *string, p protocol.PluginSummary) *offer {
	if p.Installed {
		return &offer{id: p.ID, there: true, on: p.Enabled, detail: strings.TrimSpace("installed " + protocol.Value(p.LocalVersion))}
	}
	return &offer{id: p.ID, detail: "not installed", install: func(done func(error)) {
		l.call(protocol.MethodPluginInstall, protocol.PluginInstallParams{MarketplacePath: market, PluginName: p.Name}, func(_ gjson.Result, err error) { done(err) })
	}}
}
