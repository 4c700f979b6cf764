package daemon

import (
	"fmt"
	"io"

	"codex/pkg/jsonrpc"
)

// lifecycle is the answer of start, restart, stop and version, as codex-daemon(1) shows it.
type lifecycle struct {
	Status  string `json:"status"`
	Backend string `json:"backend,omitempty"`
	// PID is told by the call that has started the process.
	PID              int     `json:"pid,omitempty"`
	ManagedCodexPath string  `json:"managedCodexPath"`
	ManagedVersion   *string `json:"managedCodexVersion"`
	SocketPath       string  `json:"socketPath"`
	CLIVersion       string  `json:"cliVersion"`
	AppServerVersion string  `json:"appServerVersion,omitempty"`
}

// remoteControl is the answer of enable-remote-control and disable-remote-control.
type remoteControl struct {
	Status           string `json:"status"`
	Backend          string `json:"backend,omitempty"`
	Enabled          bool   `json:"remoteControlEnabled"`
	SocketPath       string `json:"socketPath"`
	CLIVersion       string `json:"cliVersion"`
	AppServerVersion string `json:"appServerVersion,omitempty"`
}

// bootstrapped is the answer of bootstrap.
type bootstrapped struct {
	Status           string  `json:"status"`
	Backend          string  `json:"backend"`
	AutoUpdate       bool    `json:"autoUpdateEnabled"`
	RemoteControl    bool    `json:"remoteControlEnabled"`
	ManagedCodexPath string  `json:"managedCodexPath"`
	ManagedVersion   *string `json:"managedCodexVersion"`
	SocketPath       string  `json:"socketPath"`
	CLIVersion       string  `json:"cliVersion"`
	AppServerVersion string  `json:"appServerVersion"`
}

// backend is the only way in which processes are managed.
const backend = "pid"

// write prints an answer as one line.
func write(w io.Writer, answer any) error {
	line, err := jsonrpc.Marshal(answer)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("failed to write the answer: %w", err)
	}
	return nil
}
