package tools

import (
	"context"
	_ "embed" // the description
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"codex/pkg/engine/item"
	"codex/pkg/protocol"
)

//go:embed view_image.md
var viewImageText string

type imageArgs struct {
	Path        string  `json:"path" about:"Path of the image file"`
	Detail      *string `json:"detail" about:"Leave it out for a copy of at most 2048 pixels a side; 'original' keeps full resolution for small text or exact positions, at a higher cost." enum:"high,original"`
	Environment *string `json:"environment_id" about:"-"`
}

func offerViewImage(o *SpecOptions) any {
	if !o.ViewImage {
		return nil
	}
	return Describe[imageArgs]("view_image", viewImageText)
}

func (s *Set) viewImage(ctx context.Context, t *Turn, c Call, a imageArgs) Output {
	if !t.Model.InputImages {
		return failed("view_image is not allowed because you do not support image inputs")
	}
	if a.Environment != nil {
		return failed("unknown turn environment id `%s`", *a.Environment)
	}
	detail := "high"
	if a.Detail != nil {
		detail = *a.Detail
	}
	if detail != "original" && detail != "high" {
		return failed("view_image.detail only supports `high` or `original`; omit `detail` for default high resized behavior, got `%s`", detail)
	}
	if !t.Model.ImageDetailOriginal {
		detail = "high"
	}
	file := s.resolve(t.Cwd, a.Path)
	b, err := s.imageFile(ctx, t, file)
	if err != nil {
		return failed("%v", err)
	}
	url, err := s.images.url(b, file, detail == "original")
	if err != nil {
		return failed("unable to process image at `%s`: %v", file, err)
	}
	shown := &protocol.ImageViewItem{Type: protocol.ItemImageView, ID: c.ID, Path: file}
	t.Out.ItemStarted(shown)
	t.Out.ItemCompleted(shown)
	return Output{Content: Array([]json.RawMessage{item.ImagePart(url, detail)})}
}

func (s *Set) imageFile(ctx context.Context, t *Turn, file string) ([]byte, error) {
	ex, err := s.executor(ctx)
	if err != nil {
		return nil, fmt.Errorf("unable to locate image at `%s`: %w", file, err)
	}
	m, err := ex.GetMetadata(ctx, file, s.fileSandbox(t))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("unable to locate image at `%s`: %s", file, osText(err))
	}
	if err != nil {
		return nil, fmt.Errorf("unable to locate image at `%s`: %w", file, err)
	}
	if !m.IsFile {
		return nil, fmt.Errorf("image path `%s` is not a file", file)
	}
	b, err := ex.ReadFile(ctx, file, s.fileSandbox(t))
	if err != nil {
		return nil, fmt.Errorf("unable to read image at `%s`: %w", file, err)
	}
	return b, nil
}
