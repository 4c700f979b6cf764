package protocol

// SkillsListParams holds the params of skills/list.
type SkillsListParams struct {
	Cwds        List[string] `json:"cwds,omitempty"`
	ForceReload bool         `json:"forceReload,omitempty"`
}

// SkillsListResponse is the result of skills/list.
type SkillsListResponse struct {
	Data List[SkillsListEntry] `json:"data"`
}

// SkillsListEntry lists the skills of one folder.
type SkillsListEntry struct {
	Cwd    string               `json:"cwd"`
	Skills List[SkillMetadata]  `json:"skills"`
	Errors List[SkillErrorInfo] `json:"errors"`
}

// SkillMetadata is one skill.
type SkillMetadata struct {
	Name             string             `json:"name"`
	Description      string             `json:"description"`
	ShortDescription *string            `json:"shortDescription,omitempty"`
	Interface        *SkillInterface    `json:"interface,omitempty"`
	Dependencies     *SkillDependencies `json:"dependencies,omitempty"`
	Path             string             `json:"path"`
	Scope            SkillScope         `json:"scope"`
	Enabled          bool               `json:"enabled"`
	PluginID         Null               `json:"pluginId" schema:"later"`
}

// SkillInterface says how to show a skill.
type SkillInterface struct {
	DisplayName      *string `json:"displayName"`
	ShortDescription *string `json:"shortDescription"`
	IconSmall        *string `json:"iconSmall"`
	IconLarge        *string `json:"iconLarge"`
	BrandColor       *string `json:"brandColor"`
	DefaultPrompt    *string `json:"defaultPrompt"`
}

// SkillDependencies is what a skill needs.
type SkillDependencies struct {
	Tools List[SkillToolDependency] `json:"tools"`
}

// SkillToolDependency is a tool a skill needs.
type SkillToolDependency struct {
	Type        string  `json:"type"`
	Value       string  `json:"value"`
	Description *string `json:"description,omitempty"`
	Transport   *string `json:"transport,omitempty"`
	Command     *string `json:"command,omitempty"`
	URL         *string `json:"url,omitempty"`
}

// SkillScope says where a skill comes from.
type SkillScope string

func (SkillScope) Values() []string { return []string{"user", "repo", "system", "admin"} }

// SkillErrorInfo is a skill that could not be read.
type SkillErrorInfo struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// SkillsConfigWriteParams holds the params of skills/config/write.
type SkillsConfigWriteParams struct {
	Path    *string `json:"path,omitempty"`
	Name    *string `json:"name,omitempty"`
	Enabled bool    `json:"enabled"`
}

// SkillsConfigWriteResponse is the result of skills/config/write.
type SkillsConfigWriteResponse struct {
	EffectiveEnabled bool `json:"effectiveEnabled"`
}
