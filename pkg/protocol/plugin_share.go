package protocol

// PluginShareSaveParams holds the params of plugin/share/save.
type PluginShareSaveParams struct {
	PluginPath      string                      `json:"pluginPath"`
	RemotePluginID  *string                     `json:"remotePluginId,omitempty"`
	Discoverability *PluginShareDiscoverability `json:"discoverability,omitempty"`
	ShareTargets    []PluginShareTarget         `json:"shareTargets,omitempty"`
}

// PluginShareTarget is someone to share a plugin with.
type PluginShareTarget struct {
	PrincipalType PluginSharePrincipalType `json:"principalType"`
	PrincipalID   string                   `json:"principalId"`
	Role          PluginShareTargetRole    `json:"role"`
}

// PluginShareTargetRole is what they may do.
type PluginShareTargetRole string

func (PluginShareTargetRole) Values() []string { return []string{"reader", "editor"} }

// PluginShareSaveResponse is the result of plugin/share/save.
type PluginShareSaveResponse struct {
	RemotePluginID string `json:"remotePluginId"`
	ShareURL       string `json:"shareUrl"`
}

// PluginShareUpdateTargetsParams holds the params of plugin/share/updateTargets.
type PluginShareUpdateTargetsParams struct {
	RemotePluginID  string                           `json:"remotePluginId"`
	Discoverability PluginShareUpdateDiscoverability `json:"discoverability"`
	ShareTargets    List[PluginShareTarget]          `json:"shareTargets"`
}

// PluginShareUpdateDiscoverability is what a share can be changed to.
type PluginShareUpdateDiscoverability string

func (PluginShareUpdateDiscoverability) Values() []string { return []string{"UNLISTED", "PRIVATE"} }

// PluginShareUpdateTargetsResponse is the result of plugin/share/updateTargets.
type PluginShareUpdateTargetsResponse struct {
	Principals      List[PluginSharePrincipal] `json:"principals"`
	Discoverability PluginShareDiscoverability `json:"discoverability"`
}

// PluginShareListResponse is the result of plugin/share/list.
type PluginShareListResponse struct {
	Data List[PluginShareListItem] `json:"data"`
}

// PluginShareListItem is a shared plugin.
type PluginShareListItem struct {
	Plugin          PluginSummary `json:"plugin"`
	LocalPluginPath *string       `json:"localPluginPath"`
}

// PluginShareCheckoutParams holds the params of plugin/share/checkout.
type PluginShareCheckoutParams struct {
	RemotePluginID string `json:"remotePluginId"`
}

// PluginShareCheckoutResponse is the result of plugin/share/checkout.
type PluginShareCheckoutResponse struct {
	RemotePluginID  string  `json:"remotePluginId"`
	PluginID        string  `json:"pluginId"`
	PluginName      string  `json:"pluginName"`
	PluginPath      string  `json:"pluginPath"`
	MarketplaceName string  `json:"marketplaceName"`
	MarketplacePath string  `json:"marketplacePath"`
	RemoteVersion   *string `json:"remoteVersion"`
}

// PluginShareDeleteParams holds the params of plugin/share/delete.
type PluginShareDeleteParams struct {
	RemotePluginID string `json:"remotePluginId"`
}

// MarketplaceAddParams holds the params of marketplace/add.
type MarketplaceAddParams struct {
	Source      string   `json:"source"`
	RefName     *string  `json:"refName,omitempty"`
	SparsePaths []string `json:"sparsePaths,omitempty"`
}

// MarketplaceAddResponse is the result of marketplace/add.
type MarketplaceAddResponse struct {
	MarketplaceName string `json:"marketplaceName"`
	InstalledRoot   string `json:"installedRoot"`
	AlreadyAdded    bool   `json:"alreadyAdded"`
}

// MarketplaceRemoveParams holds the params of marketplace/remove.
type MarketplaceRemoveParams struct {
	MarketplaceName string `json:"marketplaceName"`
}

// MarketplaceRemoveResponse is the result of marketplace/remove.
type MarketplaceRemoveResponse struct {
	MarketplaceName string  `json:"marketplaceName"`
	InstalledRoot   *string `json:"installedRoot"`
}

// MarketplaceUpgradeParams holds the params of marketplace/upgrade.
type MarketplaceUpgradeParams struct {
	MarketplaceName *string `json:"marketplaceName,omitempty"`
}

// MarketplaceUpgradeResponse is the result of marketplace/upgrade.
type MarketplaceUpgradeResponse struct {
	SelectedMarketplaces List[string]                      `json:"selectedMarketplaces"`
	UpgradedRoots        List[string]                      `json:"upgradedRoots"`
	Errors               List[MarketplaceUpgradeErrorInfo] `json:"errors"`
}

// MarketplaceUpgradeErrorInfo is a marketplace that could not be brought up to date.
type MarketplaceUpgradeErrorInfo struct {
	MarketplaceName string `json:"marketplaceName"`
	Message         string `json:"message"`
}
