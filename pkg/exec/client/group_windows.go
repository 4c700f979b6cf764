package client

import "os/exec"

func signalGroup(cmd *exec.Cmd, kill bool) {
	cmd.Process.Kill()
}
