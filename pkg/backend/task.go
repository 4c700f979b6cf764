package backend

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
)

// Diff is the latest change that a task made, as git reads it.
func (c *Client) Diff(ctx context.Context, task string) (string, error) {
	var got struct {
		Turn *struct {
			Items []struct {
				Type string          `json:"type"`
				Diff json.RawMessage `json:"output_diff"`
			} `json:"output_items"`
		} `json:"current_diff_task_turn"`
	}
	if err := c.do(ctx, "GET", "tasks/"+url.PathEscape(task), nil, &got); err != nil {
		return "", err
	}
	if got.Turn == nil {
		return "", errors.New("No diff turn found")
	}
	for _, item := range got.Turn.Items {
		var out struct {
			Diff string `json:"diff"`
		}
		if item.Type == "pr" && json.Unmarshal(item.Diff, &out) == nil && out.Diff != "" {
			return out.Diff, nil
		}
	}
	return "", errors.New("No PR output item found")
}
