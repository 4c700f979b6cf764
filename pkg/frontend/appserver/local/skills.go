package local

import (
	"path/filepath"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/plugins"
	"codex/pkg/protocol"
	"codex/pkg/skills"
)

func (s *Service) skillsList(r *Request, p *protocol.SkillsListParams) (any, error) {
	res := protocol.SkillsListResponse{}
	err := s.eachCwd(p.Cwds, func(cwd string, cfg *config.Config) {
		roots := append(skills.Roots(cfg, s.Config.Env.Home, s.SkillRoots()), plugins.Of(cfg).Skills...)
		set := skills.Find(roots, nil)
		r.Client.watchSkills(roots, set)
		set.Switch(cfg)
		e := protocol.SkillsListEntry{Cwd: cwd}
		for i := range set.Skills {
			e.Skills = append(e.Skills, skillMetadata(&set.Skills[i]))
		}
		for _, p := range set.Problems {
			e.Errors = append(e.Errors, protocol.SkillErrorInfo(p))
		}
		res.Data = append(res.Data, e)
	})
	return res, err
}

// skillMetadata is a skill as clients see it.
func skillMetadata(k *skills.Skill) protocol.SkillMetadata {
	m := protocol.SkillMetadata{Name: k.Name, Description: k.Description, ShortDescription: protocol.Optional(k.Short), Path: k.Path,
		Scope: protocol.SkillScope(k.Scope), Enabled: k.Enabled}
	if i := k.Interface; i != nil {
		m.Interface = &protocol.SkillInterface{DisplayName: protocol.Optional(i.DisplayName), ShortDescription: protocol.Optional(i.ShortDescription), IconSmall: protocol.Optional(i.IconSmall),
			IconLarge: protocol.Optional(i.IconLarge), BrandColor: protocol.Optional(i.BrandColor), DefaultPrompt: protocol.Optional(i.DefaultPrompt)}
	}
	for _, t := range k.Tools {
		if m.Dependencies == nil {
			m.Dependencies = &protocol.SkillDependencies{}
		}
		m.Dependencies.Tools = append(m.Dependencies.Tools, protocol.SkillToolDependency{Type: t.Type, Value: t.Value, Description: protocol.Optional(t.Description),
			Transport: protocol.Optional(t.Transport), Command: protocol.Optional(t.Command), URL: protocol.Optional(t.URL)})
	}
	return m
}

// skillsConfigWrite switches a skill on or off in the user's config.toml.
func (s *Service) skillsConfigWrite(r *Request, p *protocol.SkillsConfigWriteParams) (any, error) {
	if (p.Path == nil) == (p.Name == nil) {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "skills/config/write requires exactly one of path or name")
	}
	key, value := "name", ""
	if p.Path != nil {
		key, value = "path", filepath.Clean(*p.Path)
	} else {
		value = *p.Name
	}
	if value == "" || key == "path" && !filepath.IsAbs(value) {
		return nil, jsonrpc.Invalidf("Invalid request: the %s of a skill must be an absolute one, and not empty", key)
	}
	if err := skills.Write(r.Client.ctx, filepath.Join(s.Home, "config.toml"), key, value, p.Enabled); err != nil {
		return nil, err
	}
	r.After(s.skillsChanged)
	return protocol.SkillsConfigWriteResponse{EffectiveEnabled: p.Enabled}, nil
}

// skillsExtraRootsSet names more folders with skills, for all clients and for the threads
// whose engines start from now on.
func (s *Service) skillsExtraRootsSet(r *Request, p *protocol.SkillsExtraRootsSetParams) (any, error) {
	for _, dir := range p.ExtraRoots {
		if !filepath.IsAbs(dir) {
			return nil, jsonrpc.Invalidf("Invalid request: extraRoots must be absolute: %s", jsonrpc.Shorten(dir))
		}
	}
	s.mu.Lock()
	s.skillRoots = p.ExtraRoots
	s.mu.Unlock()
	r.After(s.skillsChanged)
	return protocol.SkillsExtraRootsSetResponse{}, nil
}

// SkillRoots are the folders that clients have added.
func (s *Service) SkillRoots() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.skillRoots
}

func (s *Service) skillsChanged() {
	s.Broadcast(protocol.NoteSkillsChanged, protocol.SkillsChangedNotification{})
}
