package termtext

import (
	"os"

	"golang.org/x/sys/windows"
)

// Width gives the columns of the console f, 0 when it is none.
func Width(f *os.File) int {
	var info windows.ConsoleScreenBufferInfo
	if err := windows.GetConsoleScreenBufferInfo(windows.Handle(f.Fd()), &info); err != nil {
		return 0
	}
	return int(info.Window.Right-info.Window.Left) + 1
}
