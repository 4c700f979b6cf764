package protocol

// FeedbackUploadParams holds the params of feedback/upload.
type FeedbackUploadParams struct {
	Classification string            `json:"classification"`
	Reason         *string           `json:"reason,omitempty"`
	ThreadID       *string           `json:"threadId,omitempty"`
	IncludeLogs    bool              `json:"includeLogs"`
	ExtraLogFiles  []string          `json:"extraLogFiles,omitempty"`
	Tags           map[string]string `json:"tags,omitempty"`
}

// FeedbackUploadResponse is the result of feedback/upload.
type FeedbackUploadResponse struct {
	ThreadID   string `json:"threadId"`
	PromptHash Null   `json:"promptHash" schema:"later"`
}

// EnvironmentAddParams holds the params of environment/add, which is experimental.
type EnvironmentAddParams struct {
	EnvironmentID string `json:"environmentId"`
	ExecServerURL string `json:"execServerUrl"`
}

// MockExperimentalMethodParams holds the params of mock/experimentalMethod, which is experimental.
type MockExperimentalMethodParams struct {
	Value *string `json:"value,omitempty"`
}

// MockExperimentalMethodResponse is the result of mock/experimentalMethod, which is experimental.
type MockExperimentalMethodResponse struct {
	Echoed *string `json:"echoed"`
}

// RemoteControlEnableResponse is the result of remoteControl/enable, which is experimental.
type RemoteControlEnableResponse struct {
	Status         RemoteControlConnectionStatus `json:"status"`
	ServerName     string                        `json:"serverName"`
	InstallationID string                        `json:"installationId"`
	EnvironmentID  *string                       `json:"environmentId"`
}

// RemoteControlConnectionStatus is the state of the remote control relay.
type RemoteControlConnectionStatus string

// Words of RemoteControlConnectionStatus.
const (
	RemoteControlConnectionStatusDisabled   RemoteControlConnectionStatus = "disabled"
	RemoteControlConnectionStatusConnecting RemoteControlConnectionStatus = "connecting"
	RemoteControlConnectionStatusConnected  RemoteControlConnectionStatus = "connected"
)

func (RemoteControlConnectionStatus) Values() []string {
	return []string{"disabled", "connecting", "connected", "errored"}
}

// RemoteControlDisableResponse is the result of remoteControl/disable, which is experimental.
type RemoteControlDisableResponse RemoteControlEnableResponse

// RemoteControlStatusReadResponse is the result of remoteControl/status/read, which is
// experimental.
type RemoteControlStatusReadResponse RemoteControlEnableResponse

// RemoteControlStatusChangedNotification holds the params of remoteControl/status/changed.
type RemoteControlStatusChangedNotification RemoteControlEnableResponse

// WindowsSandboxSetupStartParams holds the params of windowsSandbox/setupStart.
type WindowsSandboxSetupStartParams struct {
	Mode WindowsSandboxSetupMode `json:"mode"`
	Cwd  *string                 `json:"cwd,omitempty"`
}

// WindowsSandboxSetupMode says whether the set-up runs as administrator.
type WindowsSandboxSetupMode string

func (WindowsSandboxSetupMode) Values() []string { return []string{"elevated", "unelevated"} }

// WindowsSandboxSetupStartResponse is the result of windowsSandbox/setupStart.
type WindowsSandboxSetupStartResponse struct {
	Started bool `json:"started"`
}

// WindowsSandboxReadinessResponse is the result of windowsSandbox/readiness.
type WindowsSandboxReadinessResponse struct {
	Status WindowsSandboxReadiness `json:"status"`
}

// WindowsSandboxReadiness is the state of the sandbox of Windows.
type WindowsSandboxReadiness string

// WindowsSandboxReadinessNotConfigured is the one word that code says.
const WindowsSandboxReadinessNotConfigured WindowsSandboxReadiness = "notConfigured"

func (WindowsSandboxReadiness) Values() []string {
	return []string{"ready", "notConfigured", "updateRequired"}
}

// WindowsSandboxSetupCompletedNotification holds the params of windowsSandbox/setupCompleted.
type WindowsSandboxSetupCompletedNotification struct {
	Mode    WindowsSandboxSetupMode `json:"mode"`
	Success bool                    `json:"success"`
	Error   *string                 `json:"error"`
}

// WindowsWorldWritableWarningNotification holds the params of windows/worldWritableWarning.
type WindowsWorldWritableWarningNotification struct {
	SamplePaths List[string] `json:"samplePaths"`
	ExtraCount  uint64       `json:"extraCount"`
	FailedScan  bool         `json:"failedScan"`
}
