package protocol

// ModelListParams holds the params of model/list.
type ModelListParams struct {
	Cursor        *string `json:"cursor,omitempty"`
	Limit         *uint32 `json:"limit,omitempty"`
	IncludeHidden *bool   `json:"includeHidden,omitempty"`
}

// ModelListResponse is the result of model/list.
type ModelListResponse struct {
	Data       List[Model] `json:"data"`
	NextCursor *string     `json:"nextCursor"`
}

// Model is one model of the catalogue.
type Model struct {
	ID                        string                      `json:"id"`
	Model                     string                      `json:"model"`
	Upgrade                   *string                     `json:"upgrade"`
	UpgradeInfo               *ModelUpgradeInfo           `json:"upgradeInfo"`
	AvailabilityNux           *ModelAvailabilityNux       `json:"availabilityNux"`
	DisplayName               string                      `json:"displayName"`
	Description               string                      `json:"description"`
	Hidden                    bool                        `json:"hidden"`
	SupportedReasoningEfforts List[ReasoningEffortOption] `json:"supportedReasoningEfforts"`
	DefaultReasoningEffort    ReasoningEffort             `json:"defaultReasoningEffort"`
	InputModalities           List[InputModality]         `json:"inputModalities" schema:"opt,default=text|image"`
	SupportsPersonality       bool                        `json:"supportsPersonality" schema:"opt"`
	AdditionalSpeedTiers      List[string]                `json:"additionalSpeedTiers" schema:"opt"`
	ServiceTiers              List[ModelServiceTier]      `json:"serviceTiers" schema:"opt"`
	DefaultServiceTier        *string                     `json:"defaultServiceTier"`
	IsDefault                 bool                        `json:"isDefault"`
	ModelSpecialty            Null                        `json:"modelSpecialty" schema:"later"`
	MultiAgentVersion         Null                        `json:"multiAgentVersion" schema:"later"`
	AvailableAccessPrograms   Null                        `json:"availableAccessPrograms" schema:"later"`
}

// ModelUpgradeInfo points to a newer model.
type ModelUpgradeInfo struct {
	Model             string  `json:"model"`
	UpgradeCopy       *string `json:"upgradeCopy"`
	ModelLink         *string `json:"modelLink"`
	MigrationMarkdown *string `json:"migrationMarkdown"`
	RetirementAt      Null    `json:"retirementAt" schema:"later"`
}

// ModelAvailabilityNux is a notice shown once for a new model.
type ModelAvailabilityNux struct {
	Message string `json:"message"`
}

// ReasoningEffortOption is an effort a model offers.
type ReasoningEffortOption struct {
	ReasoningEffort ReasoningEffort `json:"reasoningEffort"`
	Description     string          `json:"description"`
}

// InputModality is a kind of input a model takes.
type InputModality string

// Words of InputModality.
const (
	InputModalityText  InputModality = "text"
	InputModalityImage InputModality = "image"
)

func (InputModality) Values() []string { return []string{"text", "image"} }

// ModelServiceTier is a speed that can be bought.
type ModelServiceTier struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// ModelProviderCapabilitiesReadResponse is the result of
// modelProvider/capabilities/read.
type ModelProviderCapabilitiesReadResponse struct {
	NamespaceTools  bool `json:"namespaceTools"`
	ImageGeneration bool `json:"imageGeneration"`
	WebSearch       bool `json:"webSearch"`
}

// CollaborationModeListResponse is the result of collaborationMode/list, which is experimental.
type CollaborationModeListResponse struct {
	Data List[CollaborationModeMask] `json:"data"`
}

// CollaborationModeMask is a preset of a collaboration mode; what it leaves out stays as
// it is.
type CollaborationModeMask struct {
	Name            string           `json:"name"`
	Mode            *ModeKind        `json:"mode"`
	Model           *string          `json:"model"`
	ReasoningEffort *ReasoningEffort `json:"reasoning_effort"`
}

// ExperimentalFeatureListParams holds the params of experimentalFeature/list.
type ExperimentalFeatureListParams struct {
	Cursor   *string `json:"cursor,omitempty"`
	Limit    *uint32 `json:"limit,omitempty"`
	ThreadID *string `json:"threadId,omitempty"`
}

// ExperimentalFeatureListResponse is the result of experimentalFeature/list.
type ExperimentalFeatureListResponse struct {
	Data       List[ExperimentalFeature] `json:"data"`
	NextCursor *string                   `json:"nextCursor"`
}

// ExperimentalFeature is a feature with a switch.
type ExperimentalFeature struct {
	Name           string                   `json:"name"`
	Stage          ExperimentalFeatureStage `json:"stage"`
	DisplayName    *string                  `json:"displayName"`
	Description    *string                  `json:"description"`
	Announcement   *string                  `json:"announcement"`
	Enabled        bool                     `json:"enabled"`
	DefaultEnabled bool                     `json:"defaultEnabled"`
}

// ExperimentalFeatureStage says how finished a feature is.
type ExperimentalFeatureStage string

// Words of ExperimentalFeatureStage.
const (
	ExperimentalFeatureStageBeta             ExperimentalFeatureStage = "beta"
	ExperimentalFeatureStageUnderDevelopment ExperimentalFeatureStage = "underDevelopment"
)

func (ExperimentalFeatureStage) Values() []string {
	return []string{"beta", "underDevelopment", "stable", "deprecated", "removed"}
}

// ExperimentalFeatureEnablementSetParams holds the params of
// experimentalFeature/enablement/set.
type ExperimentalFeatureEnablementSetParams struct {
	Enablement Map[bool] `json:"enablement"`
}

// ExperimentalFeatureEnablementSetResponse is the result of
// experimentalFeature/enablement/set.
type ExperimentalFeatureEnablementSetResponse struct {
	Enablement Map[bool] `json:"enablement"`
}

// PermissionProfileListParams holds the params of permissionProfile/list.
type PermissionProfileListParams struct {
	Cursor *string `json:"cursor,omitempty"`
	Limit  *uint32 `json:"limit,omitempty"`
	Cwd    *string `json:"cwd,omitempty"`
}

// PermissionProfileListResponse is the result of permissionProfile/list.
type PermissionProfileListResponse struct {
	Data       List[PermissionProfileSummary] `json:"data"`
	NextCursor *string                        `json:"nextCursor"`
}

// PermissionProfileSummary names a permission profile.
type PermissionProfileSummary struct {
	ID          string  `json:"id"`
	Description *string `json:"description"`
	Allowed     bool    `json:"allowed" schema:"later"`
}
