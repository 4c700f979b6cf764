package main

import (
	"fmt"
)

// target is one kind of machine, by all the names that it has.
type target struct {
	os, arch string // Go's
	triple   string // in names of archives and releases, the original's
	npm      string // in names of npm packages: process.platform and process.arch
}

// targets are those that a release can be made for.
func targets() []target {
	return []target{
		{"linux", "amd64", "x86_64-unknown-linux-musl", "linux-x64"},
		{"linux", "arm64", "aarch64-unknown-linux-musl", "linux-arm64"},
		{"darwin", "amd64", "x86_64-apple-darwin", "darwin-x64"},
		{"darwin", "arm64", "aarch64-apple-darwin", "darwin-arm64"},
	}
}

func (t target) String() string { return t.os + "/" + t.arch }

// find gives the target that is called name, such as linux/amd64.
func find(name string) (target, error) {
	var known []string
	for _, t := range targets() {
		if t.String() == name {
			return t, nil
		}
		known = append(known, t.String())
	}
	return target{}, fmt.Errorf("no target %q: there is %v", name, known)
}
