//go:build windows

package notify

import (
	"os"
	"syscall"
)

// 0x8 is DETACHED_PROCESS.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: 0x8 | syscall.CREATE_NEW_PROCESS_GROUP}
}

// OpenTerminal opens the console for writing.
func OpenTerminal() (*os.File, error) { return os.OpenFile("CONOUT$", os.O_WRONLY, 0) }
