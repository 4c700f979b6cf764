package provider

import (
	"context"
	"time"

	"codex/pkg/catalog"
	"codex/pkg/cli/version"
	"codex/pkg/responses"
)

const (
	// listWait bounds the wait for a list of models.
	listWait = 5 * time.Second
	maxList  = 16 << 20
)

// Lister asks the provider of a session for its models, and keeps what it answers.
type Lister struct {
	Home   string
	Key    catalog.Key
	Header [][2]string
	Client *responses.Client
	Now    func() time.Time
}

// Lister makes one; nil when the provider has no list. The error is the user's to read.
func (p *Provider) Lister(ctx context.Context, c *responses.Client, originator, userAgent string) (*Lister, error) {
	if !catalog.Listed(p.Config, p.Auth) {
		return nil, nil
	}
	h, err := p.Identity(ctx)
	if err != nil {
		return nil, err
	}
	h = append(h, [2]string{"originator", originator})
	if !p.Sets("user-agent") {
		h = append(h, [2]string{"user-agent", userAgent})
	}
	return &Lister{Home: p.Config.Home, Key: catalog.KeyOf(p.Config, p.Auth), Header: h, Client: c, Now: p.Now}, nil
}

// Refresh sees to it that the list that is kept is the provider's. etag is what an answer of it
// said of the list, "" when it said nothing: then a list that is fresh is kept.
func (l *Lister) Refresh(ctx context.Context, etag string) error {
	c, err := catalog.Read(l.Home)
	if err == nil && c != nil && c.Of(l.Key) {
		switch fresh := c.Fresh(l.Now()); {
		case etag != "" && c.ETag == etag && !fresh:
			return c.Renew(l.Home, l.Now())
		case fresh && (etag == "" || c.ETag == etag):
			return nil
		}
	}
	return l.Fetch(ctx)
}

// Fetch asks, whatever is kept.
func (l *Lister) Fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, listWait)
	defer cancel()
	b, h, err := l.Client.Get(ctx, "/models", "client_version="+version.Compat, l.Header, maxList)
	if err != nil {
		return err
	}
	return catalog.Write(l.Home, l.Key, b, h.Get("ETag"), l.Now())
}
