// Package local is what the app-server serves itself, without any engine: files, commands,
// settings, the account, models, search. What a client has started there (commands,
// watches, searches) ends with it.
//
// Frontend layer: commands run in an executor, through exec/client.
package local

import (
	"context"
	"log"
	"os"
	"sync"
	"time"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// Service answers for all clients.
type Service struct {
	Home     string
	Config   config.Options
	Environ  []string
	Executor []string // argv of codex-sandbox serve
	Login    string   // path of codex-login
	MCP      string   // path of codex-mcp
	Model    string   // path of codex-model
	// Origin is who asks, as services are told.
	Origin func() string
	Stderr *os.File
	Log    *log.Logger
	Now    func() time.Time

	// Background runs what answers later.
	Background func(job func())
	// Broadcast tells every client.
	Broadcast func(method string, params any)
	// LoggedIn is called when the account is another one, Reload when threads shall read
	// their configuration again.
	LoggedIn, Reload func()

	logins       logins
	serverLogins serverLogins
	tokens       clientTokens

	mu         sync.Mutex
	skillRoots []string // that clients have added
}

// Client is one client: what it has started, and a way to tell it something.
type Client struct {
	Notify func(method string, params any)

	ctx      context.Context // ends when the client leaves
	mu       sync.Mutex
	running  int                 // commands
	procs    map[string]*process // those with a name, by kind and name
	watcher  watcher
	skills   skillWatcher
	searches map[string]*searchSession
	tokens   map[string]*context.CancelFunc // of running searches
}

// NewClient makes a client that leaves when ctx ends.
func NewClient(ctx context.Context, notify func(method string, params any)) *Client {
	return &Client{Notify: notify, ctx: ctx, procs: map[string]*process{}, searches: map[string]*searchSession{}, tokens: map[string]*context.CancelFunc{}}
}

// Request is a request of a client.
type Request struct {
	*jsonrpc.Request
	Client       *Client
	Experimental bool // the client may use experimental members
}

// Decode reads the params in the words that clients know: a mistake is the client's.
func (r *Request) Decode(v any) error {
	d := jsonrpc.Decoder{Code: jsonrpc.CodeInvalidRequest, Prefix: "Invalid request: ", Stable: !r.Experimental}
	if flat, ok := protocol.FlatTools(r.Params); ok {
		r.Params = flat
	}
	err := d.Decode(r.Method, r.Params, v)
	if err == nil {
		return nil
	}
	if plain, ok := protocol.PlainPermissions(r.Params); ok {
		r.Params = plain
		err = d.Decode(r.Method, plain, v)
	}
	return err
}

type method = jsonrpc.Method[*Request]

// with has the params decoded for a handler.
func with[P any](f func(r *Request, p *P) (any, error)) func(r *Request) (any, error) {
	return jsonrpc.With(f)
}

// Methods lists what is answered here, and then what is not built.
func (s *Service) Methods() map[string]method {
	conf := jsonrpc.OneQueue[*Request]("config")
	account := jsonrpc.OneQueue[*Request]("account")
	m := map[string]method{
		protocol.MethodModelList:                     {Run: with(s.modelList)},
		protocol.MethodModelProviderCapabilitiesRead: {Run: s.providerCapabilities},
		protocol.MethodExperimentalFeatureList:       {Run: with(s.featureList)},
		protocol.MethodPermissionProfileList:         {Run: with(s.permissionProfiles)},
		protocol.MethodCollaborationModeList:         {Run: s.collaborationModes, Experimental: true},
		protocol.MethodMockExperimentalMethod:        {Run: with(mockMethod), Experimental: true},
		protocol.MethodWindowsSandboxReadiness:       {Run: windowsReadiness},
		protocol.MethodWindowsSandboxSetupStart:      {Run: with(windowsSetup)},
		protocol.MethodFeedbackUpload:                {Run: with(s.feedback)},

		protocol.MethodConfigRead:             {Run: with(s.configRead), Key: conf},
		protocol.MethodConfigValueWrite:       {Run: with(s.configValueWrite), Key: conf},
		protocol.MethodConfigBatchWrite:       {Run: with(s.configBatchWrite), Key: conf},
		protocol.MethodConfigRequirementsRead: {Run: s.requirementsRead, Key: conf},

		protocol.MethodPluginList:         {Run: with(s.pluginList), Key: conf},
		protocol.MethodPluginInstalled:    {Run: with(s.pluginInstalled), Key: conf},
		protocol.MethodPluginRead:         {Run: with(s.pluginRead), Key: conf},
		protocol.MethodMemoryReset:        {Run: s.memoryReset, Key: conf, Experimental: true},
		protocol.MethodPluginInstall:      {Run: with(s.pluginInstall), Key: conf},
		protocol.MethodPluginUninstall:    {Run: with(s.pluginUninstall), Key: conf},
		protocol.MethodMarketplaceAdd:     {Run: with(s.marketplaceAdd), Key: conf},
		protocol.MethodMarketplaceRemove:  {Run: with(s.marketplaceRemove), Key: conf},
		protocol.MethodMarketplaceUpgrade: {Run: with(s.marketplaceUpgrade), Key: conf},

		protocol.MethodHooksList:           {Run: with(s.hooksList), Key: conf},
		protocol.MethodSkillsList:          {Run: with(s.skillsList), Key: conf},
		protocol.MethodSkillsConfigWrite:   {Run: with(s.skillsConfigWrite), Key: conf},
		protocol.MethodSkillsExtraRootsSet: {Run: with(s.skillsExtraRootsSet), Key: conf},

		protocol.MethodAccountRead:                     {Run: with(s.accountRead), Key: account},
		protocol.MethodAccountLoginStart:               {Run: with(s.loginStart), Key: account},
		protocol.MethodMcpServerOauthLogin:             {Run: with(s.serverLogin)},
		protocol.MethodAccountLoginCancel:              {Run: with(s.loginCancel), Key: account},
		protocol.MethodAccountLogout:                   {Run: s.logout, Key: account},
		protocol.MethodAccountRateLimitsRead:           {Run: s.rateLimits},
		protocol.MethodAccountSendAddCreditsNudgeEmail: {Run: with(s.creditsNudge)},

		protocol.MethodFsReadFile:        {Run: onPath(fsReadFile)},
		protocol.MethodFsWriteFile:       {Run: onPath(fsWriteFile)},
		protocol.MethodFsCreateDirectory: {Run: onPath(fsCreateDirectory)},
		protocol.MethodFsGetMetadata:     {Run: onPath(fsGetMetadata)},
		protocol.MethodFsReadDirectory:   {Run: onPath(fsReadDirectory)},
		protocol.MethodFsRemove:          {Run: onPath(fsRemove)},
		protocol.MethodFsCopy:            {Run: onPath(fsCopy)},
		protocol.MethodFsWatch:           {Run: with(fsWatch)},
		protocol.MethodFsUnwatch:         {Run: with(fsUnwatch)},

		protocol.MethodCommandExec:          {Run: with(s.commandExec), Key: byCommand},
		protocol.MethodCommandExecWrite:     {Run: with(commandWrite), Key: byCommand},
		protocol.MethodCommandExecResize:    {Run: with(commandResize), Key: byCommand},
		protocol.MethodCommandExecTerminate: {Run: with(commandTerminate), Key: byCommand},
		protocol.MethodProcessSpawn:         {Run: with(s.processSpawn), Key: byCommand, Experimental: true},
		protocol.MethodProcessWriteStdin:    {Run: with(processWrite), Key: byCommand, Experimental: true},
		protocol.MethodProcessResizePty:     {Run: with(processResize), Key: byCommand, Experimental: true},
		protocol.MethodProcessKill:          {Run: with(processKill), Key: byCommand, Experimental: true},

		protocol.MethodFuzzyFileSearch:              {Run: with(fuzzy)},
		protocol.MethodFuzzyFileSearchSessionStart:  {Run: with(fuzzyStart), Key: bySearch, Experimental: true},
		protocol.MethodFuzzyFileSearchSessionUpdate: {Run: with(fuzzyUpdate), Key: bySearch, Experimental: true},
		protocol.MethodFuzzyFileSearchSessionStop:   {Run: with(fuzzyStop), Experimental: true},

		// From before the second version of the protocol, and in no schema any more.
		protocol.MethodGitDiffToRemote: {Run: with(s.gitDiffToRemote)},
		"getAuthStatus":                {Run: with(s.authStatus), Key: account},
	}
	for _, f := range unbuilt() {
		for _, name := range f.methods {
			m[name] = method{Run: notBuilt, Experimental: f.exp}
		}
	}
	return m
}

// Load reads the configuration, with some options changed.
func (s *Service) Load(change func(*config.Options)) (*config.Config, error) {
	o := s.Config
	if change != nil {
		change(&o)
	}
	cfg, err := config.Load(context.Background(), o)
	return cfg, thread.Unloadable(err)
}

// Notify is the notify program of the configuration, nil for none.
func (s *Service) Notify() []string {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil // whoever needs the rest says so
	}
	return cfg.Notify
}
