package protocol

// FsReadFileParams holds the params of fs/readFile.
type FsReadFileParams struct {
	Path string `json:"path"`
}

// FsReadFileResponse is the result of fs/readFile.
type FsReadFileResponse struct {
	DataBase64 string `json:"dataBase64"`
}

// FsWriteFileParams holds the params of fs/writeFile.
type FsWriteFileParams struct {
	Path       string `json:"path"`
	DataBase64 string `json:"dataBase64"`
}

// FsCreateDirectoryParams holds the params of fs/createDirectory.
type FsCreateDirectoryParams struct {
	Path      string `json:"path"`
	Recursive *bool  `json:"recursive,omitempty"`
}

// FsGetMetadataParams holds the params of fs/getMetadata.
type FsGetMetadataParams struct {
	Path string `json:"path"`
}

// FsGetMetadataResponse is the result of fs/getMetadata.
type FsGetMetadataResponse struct {
	IsDirectory  bool  `json:"isDirectory"`
	IsFile       bool  `json:"isFile"`
	IsSymlink    bool  `json:"isSymlink"`
	CreatedAtMs  int64 `json:"createdAtMs"`
	ModifiedAtMs int64 `json:"modifiedAtMs"`
}

// FsReadDirectoryParams holds the params of fs/readDirectory.
type FsReadDirectoryParams struct {
	Path string `json:"path"`
}

// FsReadDirectoryResponse is the result of fs/readDirectory.
type FsReadDirectoryResponse struct {
	Entries List[FsReadDirectoryEntry] `json:"entries"`
}

// FsReadDirectoryEntry is one name of a folder.
type FsReadDirectoryEntry struct {
	FileName    string `json:"fileName"`
	IsDirectory bool   `json:"isDirectory"`
	IsFile      bool   `json:"isFile"`
}

// FsRemoveParams holds the params of fs/remove.
type FsRemoveParams struct {
	Path      string `json:"path"`
	Recursive *bool  `json:"recursive,omitempty"`
	Force     *bool  `json:"force,omitempty"`
}

// FsCopyParams holds the params of fs/copy.
type FsCopyParams struct {
	SourcePath      string `json:"sourcePath"`
	DestinationPath string `json:"destinationPath"`
	Recursive       bool   `json:"recursive,omitempty"`
}

// FsWatchParams holds the params of fs/watch.
type FsWatchParams struct {
	WatchID string `json:"watchId"`
	Path    string `json:"path"`
}

// FsWatchResponse is the result of fs/watch.
type FsWatchResponse struct {
	Path string `json:"path"`
}

// FsUnwatchParams holds the params of fs/unwatch.
type FsUnwatchParams struct {
	WatchID string `json:"watchId"`
}

// FsChangedNotification holds the params of fs/changed.
type FsChangedNotification struct {
	WatchID      string       `json:"watchId"`
	ChangedPaths List[string] `json:"changedPaths"`
}
