package local

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"codex/pkg/config"
	"codex/pkg/hooks"
	"codex/pkg/jsonrpc"
	"codex/pkg/plugins"
	"codex/pkg/protocol"
	"codex/pkg/skills"
)

// shelf is the marketplaces of a configuration, and which of their plugins are installed.
type shelf struct {
	cfg    *config.Config
	all    []plugins.Marketplace
	have   map[string]plugins.Plugin // by id
	failed []protocol.MarketplaceLoadErrorInfo
}

func (s *Service) shelf() (*shelf, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	sh := &shelf{cfg: cfg, have: map[string]plugins.Plugin{}}
	var problems []plugins.Problem
	sh.all, problems = plugins.Marketplaces(cfg)
	for _, p := range problems {
		sh.failed = append(sh.failed, protocol.MarketplaceLoadErrorInfo{MarketplacePath: p.Path, Message: p.Err.Error()})
	}
	installed, broken := plugins.Installed(cfg)
	for _, err := range broken {
		s.Log.Printf("plugins: %v", err)
	}
	for _, p := range installed {
		sh.have[p.ID] = p
	}
	return sh, nil
}

// entries are the marketplaces with those plugins that are wanted; one without any is not shown
// unless empty says so.
func (sh *shelf) entries(empty bool, wanted func(protocol.PluginSummary) bool) []protocol.PluginMarketplaceEntry {
	var out []protocol.PluginMarketplaceEntry
	for _, m := range sh.all {
		entry := protocol.PluginMarketplaceEntry{Name: m.Name, Path: &m.File}
		for _, e := range m.List {
			if sum := sh.summary(&m, e); wanted(sum) {
				entry.Plugins = append(entry.Plugins, sum)
			}
		}
		if empty || len(entry.Plugins) > 0 {
			out = append(out, entry)
		}
	}
	return out
}

func (sh *shelf) summary(m *plugins.Marketplace, e plugins.Entry) protocol.PluginSummary {
	id := e.Name + "@" + m.Name
	p, installed := sh.have[id]
	sum := protocol.PluginSummary{ID: id, Name: e.Name, Source: protocol.PluginSource{Type: protocol.PluginSourceLocal, Path: &e.Dir},
		Installed: installed, Enabled: installed && p.Enabled, InstallPolicy: protocol.PluginInstallPolicy(cmp.Or(e.Policy, string(protocol.PluginInstallPolicyAvailable))),
		AuthPolicy: authPolicy(e), Availability: protocol.PluginAvailabilityAvailable}
	if !slices.Contains(sum.InstallPolicy.Values(), string(sum.InstallPolicy)) {
		sum.InstallPolicy = protocol.PluginInstallPolicyAvailable
	}
	if p.Version != "" {
		sum.LocalVersion = &p.Version
	}
	return sum
}

// authPolicy is when a plugin logs in: at its installation, where nothing else is said.
func authPolicy(e plugins.Entry) protocol.PluginAuthPolicy {
	if e.Login == string(protocol.PluginAuthPolicyOnUse) {
		return protocol.PluginAuthPolicyOnUse
	}
	return protocol.PluginAuthPolicyOnInstall
}

// pluginList lists the marketplaces that are folders here: others there are none.
func (s *Service) pluginList(r *Request, p *protocol.PluginListParams) (any, error) {
	sh, err := s.shelf()
	if err != nil {
		return nil, err
	}
	if len(p.MarketplaceKinds) > 0 && !slices.Contains(p.MarketplaceKinds, protocol.PluginListMarketplaceKindLocal) {
		return protocol.PluginListResponse{}, nil
	}
	return protocol.PluginListResponse{Marketplaces: sh.entries(true, func(protocol.PluginSummary) bool { return true }), MarketplaceLoadErrors: sh.failed}, nil
}

func (s *Service) pluginInstalled(r *Request, p *protocol.PluginInstalledParams) (any, error) {
	sh, err := s.shelf()
	if err != nil {
		return nil, err
	}
	wanted := func(sum protocol.PluginSummary) bool {
		return sum.Installed || slices.Contains(p.InstallSuggestionPluginNames, sum.Name)
	}
	return protocol.PluginInstalledResponse{Marketplaces: sh.entries(false, wanted), MarketplaceLoadErrors: sh.failed}, nil
}

// find gives a plugin that a client names, its marketplace, and the shelf that has it.
func (s *Service) find(marketplace *string, name string) (sh *shelf, m *plugins.Marketplace, e plugins.Entry, err error) {
	if marketplace == nil {
		return nil, nil, e, jsonrpc.Invalidf("marketplacePath is missing: plugins that are elsewhere are neither known nor installed")
	}
	if sh, err = s.shelf(); err != nil {
		return nil, nil, e, err
	}
	i := slices.IndexFunc(sh.all, func(m plugins.Marketplace) bool { return m.File == *marketplace })
	if i < 0 {
		return nil, nil, e, jsonrpc.Invalidf("%s is no marketplace of config.toml", jsonrpc.Shorten(*marketplace))
	}
	if e, err = sh.all[i].Find(name); err != nil {
		return nil, nil, e, jsonrpc.Invalidf("%v", err)
	}
	return sh, &sh.all[i], e, nil
}

func (s *Service) pluginInstall(r *Request, p *protocol.PluginInstallParams) (any, error) {
	_, m, e, err := s.find(p.MarketplacePath, p.PluginName)
	if err != nil {
		return nil, err
	}
	if _, err := plugins.Install(context.Background(), s.Home, m, p.PluginName); err != nil {
		return nil, jsonrpc.Invalidf("%v", err)
	}
	s.Reload()
	return protocol.PluginInstallResponse{AuthPolicy: authPolicy(e)}, nil
}

func (s *Service) pluginUninstall(r *Request, p *protocol.PluginUninstallParams) (any, error) {
	name, market, err := plugins.Split(p.PluginID)
	if err != nil {
		return nil, jsonrpc.Invalidf("invalid plugin id: %s", jsonrpc.Shorten(p.PluginID))
	}
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	if _, err := plugins.Uninstall(context.Background(), cfg, name, market); err != nil {
		return nil, err
	}
	s.Reload()
	return protocol.PluginUninstallResponse{}, nil
}

func (s *Service) marketplaceAdd(r *Request, p *protocol.MarketplaceAddParams) (any, error) {
	if p.RefName != nil || len(p.SparsePaths) > 0 {
		return nil, jsonrpc.Invalidf("refName and sparsePaths are for a source that would be fetched: clone it with git, and add its folder")
	}
	dir, err := plugins.Local(p.Source, s.Config.Env.Cwd)
	if err != nil {
		return nil, jsonrpc.Invalidf("%v", err)
	}
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	m, already, err := plugins.Add(context.Background(), cfg, dir, s.Now())
	if err != nil {
		return nil, jsonrpc.Invalidf("%v", err)
	}
	return protocol.MarketplaceAddResponse{MarketplaceName: m.Name, InstalledRoot: m.Root, AlreadyAdded: already}, nil
}

// marketplaceRemove leaves the folder: it is the user's.
func (s *Service) marketplaceRemove(r *Request, p *protocol.MarketplaceRemoveParams) (any, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	if err := plugins.Remove(context.Background(), cfg, p.MarketplaceName); err != nil {
		return nil, jsonrpc.Invalidf("%v", err)
	}
	return protocol.MarketplaceRemoveResponse{MarketplaceName: p.MarketplaceName}, nil
}

// marketplaceUpgrade has nothing to fetch: marketplaces are folders here.
func (s *Service) marketplaceUpgrade(r *Request, p *protocol.MarketplaceUpgradeParams) (any, error) {
	if p.MarketplaceName != nil {
		return nil, jsonrpc.Invalidf("marketplace `%s` is a folder on this machine: pull there, then install its plugins again", jsonrpc.Shorten(*p.MarketplaceName))
	}
	return protocol.MarketplaceUpgradeResponse{}, nil
}

// pluginRead tells all that is known of a plugin: of the copy that is installed, else of the
// one in its marketplace.
func (s *Service) pluginRead(r *Request, p *protocol.PluginReadParams) (any, error) {
	sh, m, e, err := s.find(p.MarketplacePath, p.PluginName)
	if err != nil {
		return nil, err
	}
	sum := sh.summary(m, e)
	plugin, installed := sh.have[sum.ID]
	if !installed {
		plugin = plugins.Plugin{ID: sum.ID, Dir: e.Dir}
		if plugin.Manifest, err = plugins.Read(e.Dir); err != nil {
			return nil, jsonrpc.Invalidf("%v", err)
		}
	}
	d := protocol.PluginDetail{MarketplaceName: m.Name, MarketplacePath: &m.File, Summary: sum, Description: protocol.Optional(plugin.Description)}
	if err := s.describe(sh.cfg, &plugin, &d); err != nil {
		return nil, jsonrpc.Invalidf("%v", err)
	}
	return protocol.PluginReadResponse{Plugin: d}, nil
}

// describe fills in what a plugin brings.
func (s *Service) describe(cfg *config.Config, p *plugins.Plugin, d *protocol.PluginDetail) error {
	set := skills.Find(p.SkillRoots(), nil)
	set.Switch(cfg)
	for i := range set.Skills {
		k := skillMetadata(&set.Skills[i])
		d.Skills = append(d.Skills, protocol.SkillSummary{Name: k.Name, Description: k.Description, ShortDescription: k.ShortDescription,
			Interface: k.Interface, Path: &k.Path, Enabled: k.Enabled})
	}
	files, problems := p.HookFiles(s.Home)
	for _, h := range hooks.Of(cfg, files...).Hooks {
		if h.Plugin == p.ID {
			d.Hooks = append(d.Hooks, protocol.PluginHookSummary{Key: h.Key, EventName: protocol.HookEventName(h.Event.Camel())})
		}
	}
	servers, err := p.MCPServers()
	for _, server := range servers {
		d.McpServers = append(d.McpServers, server.Name)
	}
	return errors.Join(append(problems, err)...)
}
