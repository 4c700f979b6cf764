package protocol

// GetAccountParams holds the params of account/read.
type GetAccountParams struct {
	RefreshToken bool `json:"refreshToken,omitempty" schema:"opt"`
}

// GetAccountResponse is the result of account/read.
type GetAccountResponse struct {
	Account            *Account `json:"account"`
	RequiresOpenaiAuth bool     `json:"requiresOpenaiAuth"`
	UserID             Null     `json:"userId" schema:"later"`
	WorkspaceRouting   Null     `json:"workspaceRouting" schema:"later"`
}

// Account is who is logged in. It is a tagged union.
type Account struct {
	Type     string   `json:"type" schema:"union=apiKey|chatgpt|amazonBedrock"`
	Email    string   `json:"email" in:"chatgpt"`
	PlanType PlanType `json:"planType" in:"chatgpt"`
}

// Variants of Account.
const (
	AccountApiKey        = "apiKey"
	AccountChatgpt       = "chatgpt"
	AccountAmazonBedrock = "amazonBedrock"
)

func (v Account) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// PlanType is a ChatGPT plan.
type PlanType string

// PlanTypeUnknown is the one word that code says.
const PlanTypeUnknown PlanType = "unknown"

func (PlanType) Values() []string {
	return []string{"free", "go", "plus", "pro", "prolite", "team", "self_serve_business_usage_based", "business", "enterprise_cbp_usage_based", "enterprise", "edu", "unknown"}
}

// LoginAccountParams holds the params of account/login/start. It is a tagged union.
type LoginAccountParams struct {
	Type                  string  `json:"type" schema:"union=apiKey|chatgpt|chatgptDeviceCode|chatgptAuthTokens"`
	ApiKey                string  `json:"apiKey" in:"apiKey"`
	CodexStreamlinedLogin bool    `json:"codexStreamlinedLogin,omitempty" in:"chatgpt?"`
	AccessToken           string  `json:"accessToken" in:"chatgptAuthTokens"`
	ChatgptAccountID      string  `json:"chatgptAccountId" in:"chatgptAuthTokens"`
	ChatgptPlanType       *string `json:"chatgptPlanType,omitempty" in:"chatgptAuthTokens?"`
}

// Variants of LoginAccountParams.
const (
	LoginAccountParamsApiKey            = "apiKey"
	LoginAccountParamsChatgpt           = "chatgpt"
	LoginAccountParamsChatgptDeviceCode = "chatgptDeviceCode"
	LoginAccountParamsChatgptAuthTokens = "chatgptAuthTokens"
)

func (v LoginAccountParams) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// LoginAccountResponse is the result of account/login/start. It is a tagged union.
type LoginAccountResponse struct {
	Type            string `json:"type" schema:"union=apiKey|chatgpt|chatgptDeviceCode|chatgptAuthTokens"`
	LoginID         string `json:"loginId" in:"chatgpt,chatgptDeviceCode"`
	AuthURL         string `json:"authUrl" in:"chatgpt"`
	VerificationURL string `json:"verificationUrl" in:"chatgptDeviceCode"`
	UserCode        string `json:"userCode" in:"chatgptDeviceCode"`
}

// Variants of LoginAccountResponse.
const (
	LoginAccountResponseApiKey            = "apiKey"
	LoginAccountResponseChatgptAuthTokens = "chatgptAuthTokens"
)

func (v LoginAccountResponse) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// CancelLoginAccountParams holds the params of account/login/cancel.
type CancelLoginAccountParams struct {
	LoginID string `json:"loginId"`
}

// CancelLoginAccountResponse is the result of account/login/cancel.
type CancelLoginAccountResponse struct {
	Status CancelLoginAccountStatus `json:"status"`
}

// CancelLoginAccountStatus says whether there was a login to cancel.
type CancelLoginAccountStatus string

// Words of CancelLoginAccountStatus.
const (
	CancelLoginAccountStatusCanceled CancelLoginAccountStatus = "canceled"
	CancelLoginAccountStatusNotFound CancelLoginAccountStatus = "notFound"
)

func (CancelLoginAccountStatus) Values() []string { return []string{"canceled", "notFound"} }

// GetAccountRateLimitsResponse is the result of account/rateLimits/read.
type GetAccountRateLimitsResponse struct {
	RateLimits            RateLimitSnapshot            `json:"rateLimits"`
	RateLimitsByLimitID   map[string]RateLimitSnapshot `json:"rateLimitsByLimitId"`
	OrdinaryUsageAllowed  Null                         `json:"ordinaryUsageAllowed" schema:"later"`
	RateLimitResetCredits Null                         `json:"rateLimitResetCredits" schema:"later"`
	AccountID             Null                         `json:"accountId" schema:"later"`
	RateLimitUpsell       Null                         `json:"rateLimitUpsell" schema:"later"`
}

// RateLimitSnapshot is the state of the rate limits of an account.
type RateLimitSnapshot struct {
	LimitID              *string               `json:"limitId"`
	LimitName            *string               `json:"limitName"`
	Primary              *RateLimitWindow      `json:"primary"`
	Secondary            *RateLimitWindow      `json:"secondary"`
	Credits              *CreditsSnapshot      `json:"credits"`
	PlanType             *PlanType             `json:"planType"`
	RateLimitReachedType *RateLimitReachedType `json:"rateLimitReachedType"`
	NormalModelSlug      Null                  `json:"normalModelSlug" schema:"later"`
	IndividualLimit      Null                  `json:"individualLimit" schema:"later"`
	SpendControlReached  Null                  `json:"spendControlReached" schema:"later"`
}

// RateLimitWindow is one rate limit.
type RateLimitWindow struct {
	UsedPercent        int32  `json:"usedPercent"`
	WindowDurationMins *int64 `json:"windowDurationMins"`
	// Seconds since 1970.
	ResetsAt *int64 `json:"resetsAt"`
}

// CreditsSnapshot is the state of bought credits.
type CreditsSnapshot struct {
	HasCredits bool    `json:"hasCredits"`
	Unlimited  bool    `json:"unlimited"`
	Balance    *string `json:"balance"`
}

// RateLimitReachedType says which limit was reached.
type RateLimitReachedType string

func (RateLimitReachedType) Values() []string {
	return []string{"rate_limit_reached", "workspace_owner_credits_depleted", "workspace_member_credits_depleted", "workspace_owner_usage_limit_reached", "workspace_member_usage_limit_reached"}
}

// SendAddCreditsNudgeEmailParams holds the params of account/sendAddCreditsNudgeEmail.
type SendAddCreditsNudgeEmailParams struct {
	CreditType AddCreditsNudgeCreditType `json:"creditType"`
}

// AddCreditsNudgeCreditType says what the mail asks for.
type AddCreditsNudgeCreditType string

func (AddCreditsNudgeCreditType) Values() []string { return []string{"credits", "usage_limit"} }

// SendAddCreditsNudgeEmailResponse is the result of account/sendAddCreditsNudgeEmail.
type SendAddCreditsNudgeEmailResponse struct {
	Status AddCreditsNudgeEmailStatus `json:"status"`
}

// AddCreditsNudgeEmailStatus says whether the mail went out.
type AddCreditsNudgeEmailStatus string

// AddCreditsNudgeEmailStatusSent is the one word that code says.
const AddCreditsNudgeEmailStatusSent AddCreditsNudgeEmailStatus = "sent"

func (AddCreditsNudgeEmailStatus) Values() []string { return []string{"sent", "cooldown_active"} }

// AccountUpdatedNotification holds the params of account/updated.
type AccountUpdatedNotification struct {
	AuthMode *AuthMode `json:"authMode"`
	PlanType *PlanType `json:"planType"`
	Reason   Null      `json:"reason" schema:"later"`
}

// AuthMode is a way of logging in.
type AuthMode string

// Words of AuthMode.
const (
	AuthModeApikey            AuthMode = "apikey"
	AuthModeChatgpt           AuthMode = "chatgpt"
	AuthModeChatgptAuthTokens AuthMode = "chatgptAuthTokens"
	AuthModeAgentIdentity     AuthMode = "agentIdentity"
)

func (AuthMode) Values() []string {
	return []string{"apikey", "chatgpt", "chatgptAuthTokens", "agentIdentity"}
}

// AccountRateLimitsUpdatedNotification holds the params of account/rateLimits/updated.
type AccountRateLimitsUpdatedNotification struct {
	RateLimits RateLimitSnapshot `json:"rateLimits"`
}

// AccountLoginCompletedNotification holds the params of account/login/completed.
type AccountLoginCompletedNotification struct {
	LoginID              *string `json:"loginId"`
	Success              bool    `json:"success"`
	Error                *string `json:"error"`
	OnboardingEntrypoint Null    `json:"onboardingEntrypoint" schema:"later"`
}
