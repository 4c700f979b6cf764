package policy

import "io/fs"

// fileID knows nothing here: a name's path has to do.
func fileID(fs.FileInfo) FileID { return FileID{} }
