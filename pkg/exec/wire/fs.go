package wire

// MaxReadFile is the largest file fs/readFile gives.
const MaxReadFile = 512 << 20

// PathParams serves fs/readFile, fs/getMetadata, fs/readDirectory and fs/canonicalize.
type PathParams struct {
	Path    string          `json:"path"`
	Sandbox *SandboxContext `json:"sandbox" schema:"opt"`
}

// ReadFileResult answers fs/readFile; Data is base64 on the wire.
type ReadFileResult struct {
	Data []byte `json:"dataBase64"`
}

// WriteFileParams replaces or makes a file; no parents are made.
type WriteFileParams struct {
	Path    string          `json:"path"`
	Data    []byte          `json:"dataBase64"`
	Sandbox *SandboxContext `json:"sandbox" schema:"opt"`
}

// CreateDirectoryParams makes a directory.
type CreateDirectoryParams struct {
	Path      string          `json:"path"`
	Recursive bool            `json:"recursive" schema:"opt,default=true"`
	Sandbox   *SandboxContext `json:"sandbox" schema:"opt"`
}

// RemoveParams removes.
type RemoveParams struct {
	Path      string          `json:"path"`
	Recursive bool            `json:"recursive" schema:"opt,default=true"`
	Force     bool            `json:"force" schema:"opt,default=true"`
	Sandbox   *SandboxContext `json:"sandbox" schema:"opt"`
}

// CopyParams copies a file, a link, or with Recursive a directory.
type CopyParams struct {
	SourcePath      string          `json:"sourcePath"`
	DestinationPath string          `json:"destinationPath"`
	Recursive       bool            `json:"recursive"`
	Sandbox         *SandboxContext `json:"sandbox" schema:"opt"`
}

// Metadata answers fs/getMetadata. IsDirectory, IsFile and Size follow a link; times are
// milliseconds since 1970, 0 where unknown.
type Metadata struct {
	IsDirectory  bool  `json:"isDirectory"`
	IsFile       bool  `json:"isFile"`
	IsSymlink    bool  `json:"isSymlink"`
	Size         int64 `json:"size"`
	CreatedAtMs  int64 `json:"createdAtMs"`
	ModifiedAtMs int64 `json:"modifiedAtMs"`
}

// ReadDirectoryResult answers fs/readDirectory, in the order of the file system.
type ReadDirectoryResult struct {
	Entries []DirEntry `json:"entries"`
}

// DirEntry is one name; the flags follow a link, and a dangling link is left out.
type DirEntry struct {
	FileName    string `json:"fileName"`
	IsDirectory bool   `json:"isDirectory"`
	IsFile      bool   `json:"isFile"`
}

// CanonicalizeResult answers fs/canonicalize: absolute, every link followed.
type CanonicalizeResult struct {
	Path string `json:"path"`
}

// RenameParams moves a file or directory within one file system, replacing a file that
// is there.
type RenameParams struct {
	SourcePath      string          `json:"sourcePath"`
	DestinationPath string          `json:"destinationPath"`
	Sandbox         *SandboxContext `json:"sandbox" schema:"opt"`
}
