// Package man holds the manual pages, mdoc sources as they are installed, so that help
// works without them being installed.
//
// Ground layer: it imports the standard library only.
package man

import (
	"embed"
	"io/fs"
)

//go:embed *.[1-8]
var pages embed.FS

// Names lists the pages in order, such as "codex-exec.1".
func Names() []string {
	names, _ := fs.Glob(pages, "*") // the pattern is constant and well-formed
	return names
}

// Has says whether there is a page with this name.
func Has(name string) bool {
	f, err := pages.Open(name)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// Read gives the mdoc source of a page.
func Read(name string) ([]byte, error) { return pages.ReadFile(name) }
