package main

import (
	_ "embed"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
)

// launcher is bin/codex of the npm package: a few lines of sh that become the codex of the
// package for this platform. It needs no install script, and no Node at run time, which
// would cost more than codex itself.
//
//go:embed npm_launcher.sh
var launcher []byte

// npmName is the package that people install; those with the programs have the platform
// after it.
const npmName = "codex-unix"

// npmPackage is package.json; npm takes only one of the optional packages, by os and cpu.
type npmPackage struct {
	Name         string            `json:"name"`
	Version      string            `json:"version"`
	Description  string            `json:"description"`
	License      string            `json:"license"`
	Bin          map[string]string `json:"bin,omitempty"`
	OS           []string          `json:"os"`
	CPU          []string          `json:"cpu"`
	Optional     map[string]string `json:"optionalDependencies,omitempty"`
	PreferUnplug bool              `json:"preferUnplugged"`
}

// npmVersion makes a version that npm keeps: it drops everything after a plus sign.
func (r *release) npmVersion() string {
	compat, _ := r.base()
	return compat + "-unix." + r.stamp()
}

// npmPrograms makes the package that holds the programs for t, where the original's has
// them: vendor/TRIPLE.
func (r *release) npmPrograms(t target, tree []entry) error {
	name := npmName + "-" + t.npm
	os, cpu, _ := strings.Cut(t.npm, "-")
	p := npmPackage{
		Name: name, Version: r.npmVersion(), License: "Apache-2.0",
		Description: "programs of " + npmName + " for " + t.npm,
		OS:          []string{os}, CPU: []string{cpu}, PreferUnplug: true,
	}
	entries, err := p.entries()
	if err != nil {
		return err
	}
	for _, e := range tree {
		switch {
		case e.name == "SHA256SUMS": // npm has its own
			continue
		case e.link != "": // npm leaves links out
			e = entry{name: e.name, mode: 0o755, data: []byte("#!/bin/sh\nexec \"${0%/*}/../apply_patch\" \"$@\"\n")}
		}
		e.name = "vendor/" + t.triple + "/" + e.name
		entries = append(entries, e)
	}
	return r.archive(name+"-"+p.Version+".tgz", "package", entries)
}

// npmChooser makes the package that people install.
func (r *release) npmChooser(wanted []target) error {
	p := npmPackage{
		Name: npmName, Version: r.npmVersion(), License: "Apache-2.0",
		Description: "coding agent made of small programs",
		Bin:         map[string]string{"codex": "bin/codex"},
		OS:          []string{}, CPU: []string{}, Optional: map[string]string{},
	}
	for _, t := range wanted {
		os, cpu, _ := strings.Cut(t.npm, "-")
		if !slices.Contains(p.OS, os) {
			p.OS = append(p.OS, os)
		}
		if !slices.Contains(p.CPU, cpu) {
			p.CPU = append(p.CPU, cpu)
		}
		p.Optional[npmName+"-"+t.npm] = p.Version
	}
	entries, err := p.entries()
	if err != nil {
		return err
	}
	entries = append(entries, entry{name: "bin/codex", mode: 0o755, data: launcher})
	for _, name := range []string{"LICENSE", "README.md"} {
		entries = append(entries, entry{name: name, mode: 0o644, path: filepath.Join(r.root, name)})
	}
	return r.archive(npmName+"-"+p.Version+".tgz", "package", entries)
}

func (p npmPackage) entries() ([]entry, error) {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, err
	}
	return []entry{{name: "package.json", mode: 0o644, data: append(data, '\n')}}, nil
}
