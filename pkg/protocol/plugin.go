package protocol

// PluginListParams holds the params of plugin/list.
type PluginListParams struct {
	Cwds             []string                    `json:"cwds,omitempty"`
	MarketplaceKinds []PluginListMarketplaceKind `json:"marketplaceKinds,omitempty"`
}

// PluginListMarketplaceKind is a kind of marketplace.
type PluginListMarketplaceKind string

// PluginListMarketplaceKindLocal is the one word that code says.
const PluginListMarketplaceKindLocal PluginListMarketplaceKind = "local"

func (PluginListMarketplaceKind) Values() []string {
	return []string{"local", "vertical", "workspace-directory", "shared-with-me"}
}

// PluginListResponse is the result of plugin/list.
type PluginListResponse struct {
	Marketplaces          List[PluginMarketplaceEntry]   `json:"marketplaces"`
	MarketplaceLoadErrors List[MarketplaceLoadErrorInfo] `json:"marketplaceLoadErrors" schema:"opt"`
	FeaturedPluginIDs     List[string]                   `json:"featuredPluginIds" schema:"opt"`
}

// PluginMarketplaceEntry is a marketplace with its plugins.
type PluginMarketplaceEntry struct {
	Name      string                `json:"name"`
	Path      *string               `json:"path"`
	Interface *MarketplaceInterface `json:"interface"`
	Plugins   List[PluginSummary]   `json:"plugins"`
}

// MarketplaceInterface says how to show a marketplace.
type MarketplaceInterface struct {
	DisplayName *string `json:"displayName"`
}

// PluginSummary is a plugin in a list.
type PluginSummary struct {
	ID                               string              `json:"id"`
	RemotePluginID                   *string             `json:"remotePluginId"`
	LocalVersion                     *string             `json:"localVersion"`
	Name                             string              `json:"name"`
	ShareContext                     *PluginShareContext `json:"shareContext"`
	Source                           PluginSource        `json:"source"`
	Installed                        bool                `json:"installed"`
	Enabled                          bool                `json:"enabled"`
	InstallPolicy                    PluginInstallPolicy `json:"installPolicy"`
	AuthPolicy                       PluginAuthPolicy    `json:"authPolicy"`
	Availability                     PluginAvailability  `json:"availability" schema:"opt,default=AVAILABLE"`
	Interface                        *PluginInterface    `json:"interface"`
	Keywords                         List[string]        `json:"keywords" schema:"opt"`
	Version                          Null                `json:"version" schema:"later"`
	InstalledAt                      Null                `json:"installedAt" schema:"later"`
	InstallPolicySource              Null                `json:"installPolicySource" schema:"later"`
	MustShowInstallationInterstitial bool                `json:"mustShowInstallationInterstitial" schema:"later"`
	DisabledReason                   Null                `json:"disabledReason" schema:"later"`
	EligiblePlanTypes                Null                `json:"eligiblePlanTypes" schema:"later"`
}

// PluginShareContext says how a plugin is shared.
type PluginShareContext struct {
	RemotePluginID       string                      `json:"remotePluginId"`
	RemoteVersion        *string                     `json:"remoteVersion"`
	Discoverability      *PluginShareDiscoverability `json:"discoverability"`
	ShareURL             *string                     `json:"shareUrl"`
	CreatorAccountUserID *string                     `json:"creatorAccountUserId"`
	CreatorName          *string                     `json:"creatorName"`
	SharePrincipals      []PluginSharePrincipal      `json:"sharePrincipals"`
}

// PluginShareDiscoverability says who finds a shared plugin.
type PluginShareDiscoverability string

func (PluginShareDiscoverability) Values() []string { return []string{"LISTED", "UNLISTED", "PRIVATE"} }

// PluginSharePrincipal is someone a plugin is shared with.
type PluginSharePrincipal struct {
	PrincipalType PluginSharePrincipalType `json:"principalType"`
	PrincipalID   string                   `json:"principalId"`
	Role          PluginSharePrincipalRole `json:"role"`
	Name          string                   `json:"name"`
}

// PluginSharePrincipalType is a kind of principal.
type PluginSharePrincipalType string

func (PluginSharePrincipalType) Values() []string { return []string{"user", "group", "workspace"} }

// PluginSharePrincipalRole is what a principal may do.
type PluginSharePrincipalRole string

func (PluginSharePrincipalRole) Values() []string { return []string{"reader", "editor", "owner"} }

// PluginSource says where a plugin comes from. It is a tagged union.
type PluginSource struct {
	Type    string  `json:"type" schema:"union=local|git|remote"`
	URL     string  `json:"url" in:"git"`
	Path    *string `json:"path" in:"local,git?"`
	RefName *string `json:"refName" in:"git?"`
	Sha     *string `json:"sha" in:"git?"`
}

// PluginSourceLocal is the one word that code says.
const PluginSourceLocal = "local"

func (v PluginSource) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// PluginInstallPolicy says whether a plugin may be installed.
type PluginInstallPolicy string

// Words of PluginInstallPolicy.
const (
	PluginInstallPolicyNotAvailable PluginInstallPolicy = "NOT_AVAILABLE"
	PluginInstallPolicyAvailable    PluginInstallPolicy = "AVAILABLE"
)

func (PluginInstallPolicy) Values() []string {
	return []string{"NOT_AVAILABLE", "AVAILABLE", "INSTALLED_BY_DEFAULT"}
}

// PluginAuthPolicy says when a plugin logs in.
type PluginAuthPolicy string

// Words of PluginAuthPolicy.
const (
	PluginAuthPolicyOnInstall PluginAuthPolicy = "ON_INSTALL"
	PluginAuthPolicyOnUse     PluginAuthPolicy = "ON_USE"
)

func (PluginAuthPolicy) Values() []string { return []string{"ON_INSTALL", "ON_USE"} }

// PluginAvailability says whether an administrator allows a plugin.
type PluginAvailability string

// PluginAvailabilityAvailable is the one word that code says.
const PluginAvailabilityAvailable PluginAvailability = "AVAILABLE"

func (PluginAvailability) Values() []string { return []string{"DISABLED_BY_ADMIN", "AVAILABLE"} }

// PluginInterface says how to show a plugin.
type PluginInterface struct {
	DisplayName       *string      `json:"displayName"`
	ShortDescription  *string      `json:"shortDescription"`
	LongDescription   *string      `json:"longDescription"`
	DeveloperName     *string      `json:"developerName"`
	Category          *string      `json:"category"`
	Capabilities      List[string] `json:"capabilities"`
	WebsiteURL        *string      `json:"websiteUrl"`
	PrivacyPolicyURL  *string      `json:"privacyPolicyUrl"`
	TermsOfServiceURL *string      `json:"termsOfServiceUrl"`
	DefaultPrompt     []string     `json:"defaultPrompt"`
	BrandColor        *string      `json:"brandColor"`
	ComposerIcon      *string      `json:"composerIcon"`
	ComposerIconURL   *string      `json:"composerIconUrl"`
	Logo              *string      `json:"logo"`
	LogoURL           *string      `json:"logoUrl"`
	Screenshots       List[string] `json:"screenshots"`
	ScreenshotURLs    List[string] `json:"screenshotUrls"`
	LogoDark          Null         `json:"logoDark" schema:"later"`
	LogoURLDark       Null         `json:"logoUrlDark" schema:"later"`
}

// MarketplaceLoadErrorInfo is a marketplace that could not be read.
type MarketplaceLoadErrorInfo struct {
	MarketplacePath string `json:"marketplacePath"`
	Message         string `json:"message"`
}

// PluginInstalledParams holds the params of plugin/installed.
type PluginInstalledParams struct {
	Cwds                         []string `json:"cwds,omitempty"`
	InstallSuggestionPluginNames []string `json:"installSuggestionPluginNames,omitempty"`
}

// PluginInstalledResponse is the result of plugin/installed.
type PluginInstalledResponse struct {
	Marketplaces          List[PluginMarketplaceEntry]   `json:"marketplaces"`
	MarketplaceLoadErrors List[MarketplaceLoadErrorInfo] `json:"marketplaceLoadErrors" schema:"opt"`
}

// PluginReadParams holds the params of plugin/read.
type PluginReadParams struct {
	MarketplacePath       *string `json:"marketplacePath,omitempty"`
	RemoteMarketplaceName *string `json:"remoteMarketplaceName,omitempty"`
	PluginName            string  `json:"pluginName"`
}

// PluginReadResponse is the result of plugin/read.
type PluginReadResponse struct {
	Plugin PluginDetail `json:"plugin"`
}

// PluginDetail is everything known of a plugin.
type PluginDetail struct {
	MarketplaceName string                  `json:"marketplaceName"`
	MarketplacePath *string                 `json:"marketplacePath"`
	Summary         PluginSummary           `json:"summary"`
	Description     *string                 `json:"description"`
	Skills          List[SkillSummary]      `json:"skills"`
	Hooks           List[PluginHookSummary] `json:"hooks"`
	Apps            List[AppSummary]        `json:"apps"`
	McpServers      List[string]            `json:"mcpServers"`
	ShareURL        Null                    `json:"shareUrl" schema:"later"`
	OnboardingSkill Null                    `json:"onboardingSkill" schema:"later"`
	AppTemplates    List[Null]              `json:"appTemplates" schema:"later"`
	ScheduledTasks  Null                    `json:"scheduledTasks" schema:"later"`
}

// SkillSummary is a skill of a plugin.
type SkillSummary struct {
	Name             string          `json:"name"`
	Description      string          `json:"description"`
	ShortDescription *string         `json:"shortDescription"`
	Interface        *SkillInterface `json:"interface"`
	Path             *string         `json:"path"`
	Enabled          bool            `json:"enabled"`
}

// PluginHookSummary is a hook of a plugin.
type PluginHookSummary struct {
	Key       string        `json:"key"`
	EventName HookEventName `json:"eventName"`
}

// AppSummary is an app that a plugin uses.
type AppSummary struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	InstallURL  *string `json:"installUrl"`
	NeedsAuth   bool    `json:"needsAuth"`
}

// PluginSkillReadParams holds the params of plugin/skill/read.
type PluginSkillReadParams struct {
	RemoteMarketplaceName string `json:"remoteMarketplaceName"`
	RemotePluginID        string `json:"remotePluginId"`
	SkillName             string `json:"skillName"`
}

// PluginSkillReadResponse is the result of plugin/skill/read.
type PluginSkillReadResponse struct {
	Contents *string `json:"contents"`
}

// PluginInstallParams holds the params of plugin/install.
type PluginInstallParams PluginReadParams

// PluginInstallResponse is the result of plugin/install.
type PluginInstallResponse struct {
	AuthPolicy      PluginAuthPolicy `json:"authPolicy"`
	AppsNeedingAuth List[AppSummary] `json:"appsNeedingAuth"`
}

// PluginUninstallParams holds the params of plugin/uninstall.
type PluginUninstallParams struct {
	PluginID string `json:"pluginId"`
}
