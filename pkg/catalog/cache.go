// Package catalog is the list of models that a session knows: the bundled one, the user's own,
// or what the provider told last, which is kept in models_cache.json of the home folder.
//
// Ground package; it imports pkg/atomicfile, pkg/auth, pkg/config, pkg/foreign, pkg/jsonrpc,
// pkg/models and pkg/cli/version. It asks no server: that is pkg/provider's.
package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"codex/pkg/atomicfile"
	"codex/pkg/cli/version"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	"codex/pkg/models"
)

const (
	// maxCache bounds the file: the original's is 0.2 MB.
	maxCache = 16 << 20
	// good is how long a list is taken for fresh.
	good = 300 * time.Second
)

// Path is the file in a home folder.
func Path(home string) string { return filepath.Join(home, "models_cache.json") }

// Cache is the file; the order of the members is the original's.
type Cache struct {
	FetchedAt     time.Time       `json:"fetched_at"`
	ETag          string          `json:"etag,omitempty"`
	ClientVersion string          `json:"client_version,omitempty"`
	Key           *Key            `json:"cache_key,omitempty"`
	Models        json.RawMessage `json:"models"`

	list []models.Model // Models as they were read
}

// Key says whose list it is. Releases of the original that know no keys write none; their list
// is taken for that of the provider nearly everybody has.
type Key struct {
	Provider string `json:"provider_id"`
	Account  string `json:"account_id,omitempty"`
}

// Read reads the cache, nil for none. One without a list that can be used is an error, however
// fresh it says it is.
func Read(home string) (*Cache, error) {
	b, err := foreign.ReadFile(Path(home), maxCache)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of models: %w", err)
	}
	c := new(Cache)
	if err = json.Unmarshal(b, c); err == nil {
		c.list, err = models.ParseEntries(c.Models)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", Path(home), err)
	}
	return c, nil
}

// Of tells whether the list is for a provider and an account.
func (c *Cache) Of(k Key) bool {
	if c.Key == nil {
		return k.Provider == "openai"
	}
	return c.Key.Provider == k.Provider && (c.Key.Account == k.Account || c.Key.Account == "" || k.Account == "")
}

// Fresh tells whether the provider need not be asked: the list was made for this release, a
// short time ago.
func (c *Cache) Fresh(now time.Time) bool {
	age := now.Sub(c.FetchedAt)
	return c.ClientVersion == version.Compat && age >= 0 && age <= good
}

// Write stores what a provider answered at a time: {"models":[…]}, whose entries are kept as
// they are. An answer that is no list of models is refused.
func Write(home string, k Key, answer []byte, etag string, now time.Time) error {
	if err := jsonrpc.Check(answer); err != nil {
		return fmt.Errorf("the provider's list of models is no JSON: %w", err)
	}
	var got struct {
		Models json.RawMessage `json:"models"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return fmt.Errorf("the provider's list of models: %w", err)
	}
	if _, err := models.ParseEntries(got.Models); err != nil {
		return fmt.Errorf("the provider's list of models: %w", err)
	}
	return (&Cache{ETag: etag, Key: &k, Models: got.Models}).Renew(home, now)
}

// Renew writes the list as of now.
func (c *Cache) Renew(home string, now time.Time) error {
	c.FetchedAt, c.ClientVersion = now.UTC(), version.Compat
	b, err := jsonrpc.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the list of models: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return fmt.Errorf("encode the list of models: %w", err)
	}
	if err := atomicfile.Replace(Path(home), 0o600, out.Bytes()); err != nil {
		return fmt.Errorf("write the list of models: %w", err)
	}
	return nil
}
