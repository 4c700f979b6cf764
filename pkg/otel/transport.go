package otel

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// transport sends the SDK's requests to the address of the settings as it is, and as JSON
// where those want it: the SDK itself has protobuf only.
type transport struct {
	base  http.RoundTripper
	to    *url.URL
	json  bool
	shape func() (request, response proto.Message)
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL = t.to
	r.Host = ""
	if !t.json {
		return t.base.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	r.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	request, response := t.shape()
	if body, err = toJSON(body, request); err != nil {
		return nil, err
	}
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	r.Header.Set("Content-Type", "application/json")
	resp, err := t.base.RoundTrip(r)
	if err != nil || resp.StatusCode/100 != 2 {
		return resp, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	binary := fromJSON(answer, response)
	resp.Header.Set("Content-Type", "application/x-protobuf")
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(binary)), int64(len(binary))
	return resp, nil
}

// toJSON encodes a request as OTLP has it in JSON: enumerations are numbers, and ids are in
// hexadecimal, where protobuf's own JSON has base64.
func toJSON(binary []byte, request proto.Message) ([]byte, error) {
	if err := proto.Unmarshal(binary, request); err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	b, err := protojson.MarshalOptions{UseEnumNumbers: true}.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	hexIDs(tree)
	return json.Marshal(tree)
}

// hexIDs puts ids into hexadecimal.
func hexIDs(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			hexIDs(e)
		}
	case map[string]any:
		for k, e := range v {
			s, text := e.(string)
			if !text || k != "traceId" && k != "spanId" && k != "parentSpanId" {
				hexIDs(e)
			} else if id, err := base64.StdEncoding.DecodeString(s); err == nil {
				v[k] = hex.EncodeToString(id)
			}
		}
	}
}

// fromJSON is the answer as the SDK reads it. One that can't be read says nothing, as many
// collectors do.
func fromJSON(answer []byte, response proto.Message) []byte {
	if (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(answer, response) != nil {
		return nil
	}
	b, err := proto.Marshal(response)
	if err != nil {
		return nil
	}
	return b
}
