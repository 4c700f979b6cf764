package protocol

import "encoding/json"

// ResourceContent is one part of an MCP resource: Text or Blob (base64) is set.
type ResourceContent struct {
	URI      string          `json:"uri"`
	MimeType *string         `json:"mimeType,omitempty"`
	Text     *string         `json:"text,omitempty"`
	Blob     *string         `json:"blob,omitempty"`
	Meta     json.RawMessage `json:"_meta,omitempty"`
}

type textResource struct {
	URI      string          `json:"uri"`
	MimeType *string         `json:"mimeType,omitempty"`
	Text     string          `json:"text"`
	Meta     json.RawMessage `json:"_meta,omitempty"`
}

type blobResource struct {
	URI      string          `json:"uri"`
	MimeType *string         `json:"mimeType,omitempty"`
	Blob     string          `json:"blob"`
	Meta     json.RawMessage `json:"_meta,omitempty"`
}

// Variants gives one value for each shape on the wire, for the schema generator.
func (ResourceContent) Variants() []any { return []any{textResource{}, blobResource{}} }
