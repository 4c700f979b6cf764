package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"codex/pkg/jsonrpc"
)

// The part of CycloneDX 1.6 (ECMA-424) that says what programs are made of.
type (
	bom struct {
		Schema       string          `json:"$schema"`
		Format       string          `json:"bomFormat"`
		Spec         string          `json:"specVersion"`
		Serial       string          `json:"serialNumber"`
		Version      int             `json:"version"`
		Metadata     bomMetadata     `json:"metadata"`
		Components   []bomComponent  `json:"components"`
		Dependencies []bomDependency `json:"dependencies"`
	}
	bomMetadata struct {
		Timestamp string       `json:"timestamp"`
		Component bomComponent `json:"component"`
	}
	bomComponent struct {
		Type       string        `json:"type"`
		Ref        string        `json:"bom-ref"`
		Name       string        `json:"name"`
		Version    string        `json:"version"`
		Hashes     []bomHash     `json:"hashes,omitempty"`
		Licenses   []bomLicense  `json:"licenses,omitempty"`
		PURL       string        `json:"purl,omitempty"`
		Properties []bomProperty `json:"properties,omitempty"`
	}
	bomHash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	bomLicense struct { // one or the other
		License    *bomLicenseID `json:"license,omitempty"`
		Expression string        `json:"expression,omitempty"`
	}
	bomLicenseID struct {
		ID string `json:"id"`
	}
	bomProperty struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	bomDependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// bom says what the programs among the entries are made of: which modules each links.
func (r *release) bom(t target, entries []entry, modules []module) ([]byte, error) {
	suite := component("application", "codex", "codex", r.version, "Apache-2.0")
	suite.Properties = []bomProperty{{"go:target", t.String()}}
	b := bom{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", Spec: "1.6", Version: 1,
		Metadata: bomMetadata{Timestamp: r.when.Format(time.RFC3339), Component: suite},
	}
	whole := bomDependency{Ref: suite.Ref, DependsOn: []string{}}
	var parts []bomDependency
	for _, e := range entries {
		if !e.program() {
			continue
		}
		c := component("application", "program:"+e.name, e.name, r.version, "Apache-2.0")
		sum, err := e.sum()
		if err != nil {
			return nil, err
		}
		c.Hashes = []bomHash{{"SHA-256", sum}}
		links, err := used(e.path)
		if err != nil {
			return nil, err
		}
		part := bomDependency{Ref: c.Ref}
		for _, m := range links {
			part.DependsOn = append(part.DependsOn, m.id())
		}
		b.Components = append(b.Components, c)
		whole.DependsOn = append(whole.DependsOn, c.Ref)
		parts = append(parts, part)
	}
	b.Dependencies = append([]bomDependency{whole}, parts...)
	for _, m := range modules {
		c := component("library", m.id(), m.path, m.version, m.licence)
		c.PURL = m.id()
		if m.sum != "" {
			c.Properties = []bomProperty{{"go:sum", m.sum}}
		}
		b.Components = append(b.Components, c)
		b.Dependencies = append(b.Dependencies, bomDependency{Ref: c.Ref, DependsOn: []string{}})
	}
	// Not by chance: the same contents have the same number.
	content, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(content)
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // a UUID of version 8, RFC 9562 §5.8
	b.Serial = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
	if content, err = jsonrpc.Marshal(b); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, content, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func component(kind, ref, name, version, licence string) bomComponent {
	c := bomComponent{Type: kind, Ref: ref, Name: name, Version: version}
	switch {
	case strings.Contains(licence, " "):
		c.Licenses = []bomLicense{{Expression: licence}}
	case licence != "":
		c.Licenses = []bomLicense{{License: &bomLicenseID{licence}}}
	}
	return c
}
