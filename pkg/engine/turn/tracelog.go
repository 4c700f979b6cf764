package turn

import (
	"encoding/json"

	"codex/pkg/config"
	"codex/pkg/protocol"
	"codex/pkg/rustlog"
)

// logNote writes what clients are told into the log, for whoever looks for a fault.
func logNote(l *rustlog.Log, method string, params any) {
	switch p := params.(type) {
	case protocol.ThreadStartedNotification:
		l.Info("session started", "thread_id", p.Thread.ID, "provider", p.Thread.ModelProvider, "cwd", p.Thread.Cwd)
	case protocol.TurnStartedNotification:
		l.Info("turn started", "thread_id", p.ThreadID, "turn_id", p.Turn.ID)
	case protocol.TurnCompletedNotification:
		l.Info("turn ended", "thread_id", p.ThreadID, "turn_id", p.Turn.ID, "status", p.Turn.Status)
	case protocol.ItemStartedNotification:
		logItem(l, "item started", p.Item)
	case protocol.ItemCompletedNotification:
		logItem(l, "item completed", p.Item)
	case protocol.ErrorNotification:
		l.Error(p.Error.Message, "thread_id", p.ThreadID, "will_retry", p.WillRetry)
	case protocol.WarningNotification:
		l.Warn(p.Message)
	case protocol.ConfigWarningNotification:
		l.Warn(p.Summary)
	case protocol.DeprecationNoticeNotification:
		l.Warn(p.Summary)
	case protocol.HookCompletedNotification:
		l.Info("hook ran", "event", p.Run.EventName, "source", p.Run.SourcePath, "status", p.Run.Status)
	case protocol.McpServerStatusUpdatedNotification:
		l.Info("MCP server", "name", p.Name, "status", p.Status, "error", protocol.Value(p.Error))
	}
	if l.On(rustlog.Trace) {
		b, err := json.Marshal(params)
		if err != nil {
			b = []byte(err.Error())
		}
		l.Trace("notification", "method", method, "params", string(b))
	}
}

// logItem tells of an item: a command with its words, of others what they are.
func logItem(l *rustlog.Log, what string, i protocol.ThreadItem) {
	c, ok := i.(*protocol.CommandExecutionItem)
	switch {
	case !ok:
		l.Debug(what, "type", i.ItemType(), "id", i.ItemID())
	case c.ExitCode == nil:
		l.Info("ToolCall: command", "id", c.ID, "command", c.Command, "cwd", c.Cwd, "status", c.Status)
	default:
		l.Info("command ended", "id", c.ID, "exit_code", int(*c.ExitCode), "status", c.Status)
	}
}

// logConfig tells what the settings of a session are made of.
func logConfig(l *rustlog.Log, cfg *config.Config) {
	if !l.On(rustlog.Debug) {
		return
	}
	for _, layer := range cfg.Layers {
		if layer.Found || layer.Disabled != "" {
			l.Debug("settings", "layer", layer.Name, "path", layer.Path, "disabled", layer.Disabled)
		}
	}
	l.Debug("session", "model", cfg.Model, "provider", cfg.ProviderID, "sandbox", cfg.SandboxMode, "approval", cfg.ApprovalPolicy, "trust", cfg.Trust)
}
