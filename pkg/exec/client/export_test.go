package client

// Abilities are for tests: what the server said that it can do.
type Abilities = abilities

// Abilities gives them.
func (c *Client) Abilities() Abilities { return c.can }
