package argv

import "os"

// keepTerminal does nothing here: a console's modes are each program's to set.
func keepTerminal(...*os.File) (restore func()) { return func() {} }
