package protocol

// AppsListParams holds the params of app/list.
type AppsListParams struct {
	Cursor       *string `json:"cursor,omitempty"`
	Limit        *uint32 `json:"limit,omitempty"`
	ThreadID     *string `json:"threadId,omitempty"`
	ForceRefetch bool    `json:"forceRefetch,omitempty"`
}

// AppsListResponse is the result of app/list.
type AppsListResponse struct {
	Data       List[AppInfo] `json:"data"`
	NextCursor *string       `json:"nextCursor"`
}

// AppInfo is one connected app of ChatGPT.
type AppInfo struct {
	ID                  string            `json:"id"`
	Name                string            `json:"name"`
	Description         *string           `json:"description"`
	LogoURL             *string           `json:"logoUrl"`
	LogoURLDark         *string           `json:"logoUrlDark"`
	DistributionChannel *string           `json:"distributionChannel"`
	Branding            *AppBranding      `json:"branding"`
	AppMetadata         *AppMetadata      `json:"appMetadata"`
	Labels              map[string]string `json:"labels"`
	InstallURL          *string           `json:"installUrl"`
	IsAccessible        bool              `json:"isAccessible" schema:"opt"`
	IsEnabled           bool              `json:"isEnabled" schema:"opt,default=true"`
	PluginDisplayNames  List[string]      `json:"pluginDisplayNames" schema:"opt"`
}

// AppBranding says whose an app is.
type AppBranding struct {
	Category          *string `json:"category"`
	Developer         *string `json:"developer"`
	Website           *string `json:"website"`
	PrivacyPolicy     *string `json:"privacyPolicy"`
	TermsOfService    *string `json:"termsOfService"`
	IsDiscoverableApp bool    `json:"isDiscoverableApp"`
}

// AppMetadata is what the app directory knows of an app.
type AppMetadata struct {
	Review                     *AppReview      `json:"review"`
	Categories                 []string        `json:"categories"`
	SubCategories              []string        `json:"subCategories"`
	SeoDescription             *string         `json:"seoDescription"`
	Screenshots                []AppScreenshot `json:"screenshots"`
	Developer                  *string         `json:"developer"`
	Version                    *string         `json:"version"`
	VersionID                  *string         `json:"versionId"`
	VersionNotes               *string         `json:"versionNotes"`
	FirstPartyType             *string         `json:"firstPartyType"`
	FirstPartyRequiresInstall  *bool           `json:"firstPartyRequiresInstall"`
	ShowInComposerWhenUnlinked *bool           `json:"showInComposerWhenUnlinked"`
}

// AppReview is the state of the review of an app.
type AppReview struct {
	Status string `json:"status"`
}

// AppScreenshot is a picture of an app, with the prompt that leads there.
type AppScreenshot struct {
	URL        *string `json:"url"`
	FileID     *string `json:"fileId"`
	UserPrompt string  `json:"userPrompt"`
}

// AppListUpdatedNotification holds the params of app/list/updated.
type AppListUpdatedNotification struct {
	Data List[AppInfo] `json:"data"`
}
