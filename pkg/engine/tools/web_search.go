package tools

import "maps"

// WebSearch are the settings of the search that the provider runs.
type WebSearch struct {
	ContextSize string
	Domains     []string
	Location    map[string]string // country, region, city, timezone
}

type webSearch struct {
	Type     string            `json:"type"`
	External bool              `json:"external_web_access"`
	Gated    bool              `json:"indexed_web_access,omitempty"` // only pages in the index are opened
	Filters  *webFilters       `json:"filters,omitempty"`
	Location map[string]string `json:"user_location,omitempty"`
	Size     string            `json:"search_context_size,omitempty"`
	Content  []string          `json:"search_content_types,omitempty"`
}

type webFilters struct {
	Domains []string `json:"allowed_domains"`
}

func webSearchSpec(o *SpecOptions) webSearch {
	w := webSearch{Type: "web_search", External: o.WebSearch != "cached", Gated: o.WebSearch == "indexed", Size: o.Web.ContextSize}
	if len(o.Web.Domains) > 0 {
		w.Filters = &webFilters{o.Web.Domains}
	}
	if len(o.Web.Location) > 0 {
		w.Location = map[string]string{"type": "approximate"}
		maps.Copy(w.Location, o.Web.Location)
	}
	if o.Model.WebSearchType == "text_and_image" {
		w.Content = []string{"text", "image"}
	}
	return w
}
