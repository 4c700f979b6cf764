// Package untrusted is what git is told so that it runs nothing, and asks nobody, that a
// repository names: strangers may have written its settings.
//
// Ground layer; it imports the standard library only.
package untrusted

import (
	"fmt"
	"strings"
)

// Options switch off what a repository's settings name to be run, or to be asked. A
// submodule has settings of its own, so nothing is asked of its work tree.
func Options() []string {
	var out []string
	for _, s := range []string{
		"core.fsmonitor=false", "core.hooksPath=/dev/null", "core.alternateRefsCommand=false", "core.sshCommand=false",
		"core.askPass=false", "credential.helper=", "protocol.allow=never", "log.showSignature=false",
		"submodule.recurse=false", "diff.ignoreSubmodules=dirty", "gc.auto=0", "maintenance.auto=false",
	} {
		out = append(out, "-c", s)
	}
	return out
}

// Environment does the same, as far as variables do.
func Environment() map[string]string {
	return map[string]string{
		"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat",
		"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", // of promisor remotes
	}
}

// Foreign lists variables by which git would be led elsewhere.
func Foreign() []string { return []string{"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_EXTERNAL_DIFF"} }

// AskFilters asks git for the drivers that turn contents into others, by any configuration.
// It ends with NoFilters when there are none.
func AskFilters() []string {
	return []string{"config", "--null", "--name-only", "--get-regexp", `^filter\..*\.(clean|smudge|process)$`}
}

// NoFilters is the status of git when AskFilters finds nothing.
const NoFilters = 1

// WithoutFilters switches each driver of an answer to AskFilters off by its name.
func WithoutFilters(answer string) ([]string, error) {
	options := []string{"--no-pager"}
	for key := range strings.SplitSeq(strings.TrimSuffix(answer, "\x00"), "\x00") {
		if key == "" {
			continue
		}
		if strings.Contains(key, "=") {
			return nil, fmt.Errorf("git: a filter of the repository is called %q", key)
		}
		driver := key[:strings.LastIndexByte(key, '.')]
		options = append(options, "-c", key+"=", "-c", driver+".required=false")
	}
	return options, nil
}
