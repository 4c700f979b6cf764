package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/google/uuid"

	"codex/pkg/catalog"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/models"
	"codex/pkg/protocol"
)

// page cuts a list at an offset that the cursor holds.
func page[T any](all []T, cursor *string, limit *uint32) ([]T, *string, error) {
	from := 0
	if cursor != nil {
		n, err := strconv.Atoi(*cursor)
		if err != nil || n < 0 || n > len(all) {
			return nil, nil, jsonrpc.Invalidf("invalid cursor: %s", jsonrpc.Shorten(*cursor))
		}
		from = n
	}
	all = all[from:]
	if limit == nil || int(max(*limit, 1)) >= len(all) {
		return all, nil, nil
	}
	n := int(max(*limit, 1))
	next := strconv.Itoa(from + n)
	return all[:n], &next, nil
}

// modelList answers with the list of the provider, which is asked when the one at hand is old.
func (s *Service) modelList(r *Request, p *protocol.ModelListParams) (any, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	known := catalog.Refresher{Program: s.Model, Options: s.Config, Environ: s.Environ, Now: s.Now}
	if err := known.Use(r.Client.ctx, cfg); err != nil {
		s.Log.Printf("model/list: %v", err)
	}
	all := cfg.Models
	if all == nil {
		all = models.All()
	}
	def := models.DefaultIn(cfg.Models)
	hidden := p.IncludeHidden != nil && *p.IncludeHidden
	var out []protocol.Model
	for _, m := range all {
		if m.Visibility != "list" && !hidden {
			continue
		}
		v := protocol.Model{ID: m.Slug, Model: m.Slug, DisplayName: m.DisplayName, Description: m.Description, Hidden: m.Visibility != "list",
			DefaultReasoningEffort: protocol.ReasoningEffort(m.DefaultEffort), InputModalities: []protocol.InputModality{protocol.InputModalityText},
			SupportsPersonality: models.Instructions(m, "friendly") != models.Instructions(m, "none"), AdditionalSpeedTiers: m.SpeedTiers, IsDefault: m.Slug == def}
		if m.DefaultEffort == "" {
			v.DefaultReasoningEffort = protocol.ReasoningEffort("none")
		}
		if m.InputImages {
			v.InputModalities = append(v.InputModalities, protocol.InputModalityImage)
		}
		for i, e := range m.Efforts {
			o := protocol.ReasoningEffortOption{ReasoningEffort: protocol.ReasoningEffort(e)}
			if i < len(m.EffortNotes) {
				o.Description = m.EffortNotes[i]
			}
			v.SupportedReasoningEfforts = append(v.SupportedReasoningEfforts, o)
		}
		for _, t := range m.ServiceTiers {
			v.ServiceTiers = append(v.ServiceTiers, protocol.ModelServiceTier(t))
		}
		if m.Upgrade != "" {
			v.Upgrade, v.UpgradeInfo = &m.Upgrade, &protocol.ModelUpgradeInfo{Model: m.Upgrade}
		}
		out = append(out, v)
	}
	var res protocol.ModelListResponse
	data, next, err := page(out, p.Cursor, p.Limit)
	res.Data, res.NextCursor = data, next
	return res, err
}

func (s *Service) providerCapabilities(r *Request) (any, error) {
	return protocol.ModelProviderCapabilitiesReadResponse{NamespaceTools: true, ImageGeneration: true, WebSearch: true}, nil
}

func (s *Service) featureList(r *Request, p *protocol.ExperimentalFeatureListParams) (any, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	var out []protocol.ExperimentalFeature
	for _, f := range config.AllFeatures() {
		stage := protocol.ExperimentalFeatureStage(f.Stage)
		switch f.Stage {
		case "experimental":
			stage = protocol.ExperimentalFeatureStageBeta
		case "under development":
			stage = protocol.ExperimentalFeatureStageUnderDevelopment
		}
		out = append(out, protocol.ExperimentalFeature{Name: f.Name, Stage: stage, Enabled: cfg.Features.Enabled(f.Name), DefaultEnabled: f.Default})
	}
	data, next, err := page(out, p.Cursor, p.Limit)
	return protocol.ExperimentalFeatureListResponse{Data: data, NextCursor: next}, err
}

// permissionProfiles lists the built-in ones and those of the configuration.
func (s *Service) permissionProfiles(r *Request, p *protocol.PermissionProfileListParams) (any, error) {
	cfg, err := s.Load(func(o *config.Options) {
		if p.Cwd != nil {
			o.Cwd = *p.Cwd
		}
	})
	if err != nil {
		return nil, err
	}
	var all []protocol.PermissionProfileSummary
	for _, prof := range cfg.PermissionProfiles() {
		sum := protocol.PermissionProfileSummary{ID: prof.ID, Allowed: cfg.AllowsPermissions(prof.ID)}
		if prof.Description != "" {
			sum.Description = &prof.Description
		}
		all = append(all, sum)
	}
	data, next, err := page(all, p.Cursor, p.Limit)
	return protocol.PermissionProfileListResponse{Data: data, NextCursor: next}, err
}

func (s *Service) collaborationModes(r *Request) (any, error) {
	plan, def := protocol.ModeKindPlan, protocol.ModeKindDefault
	medium := protocol.ReasoningEffort("medium")
	return protocol.CollaborationModeListResponse{Data: []protocol.CollaborationModeMask{
		{Name: "Plan", Mode: &plan, ReasoningEffort: &medium}, {Name: "Default", Mode: &def}}}, nil
}

func mockMethod(r *Request, p *protocol.MockExperimentalMethodParams) (any, error) {
	return protocol.MockExperimentalMethodResponse{Echoed: p.Value}, nil
}

func windowsReadiness(r *Request) (any, error) {
	return protocol.WindowsSandboxReadinessResponse{Status: protocol.WindowsSandboxReadinessNotConfigured}, nil
}

// windowsSetup fails as the original's does elsewhere than on Windows; there it is not
// built.
func windowsSetup(r *Request, p *protocol.WindowsSandboxSetupStartParams) (any, error) {
	if runtime.GOOS == "windows" {
		return notBuilt(r)
	}
	reason := fmt.Sprintf("%s Windows sandbox setup is only supported on Windows", p.Mode)
	r.After(func() {
		r.Client.Notify(protocol.NoteWindowsSandboxSetupCompleted, protocol.WindowsSandboxSetupCompletedNotification{Mode: p.Mode, Error: &reason})
	})
	return protocol.WindowsSandboxSetupStartResponse{Started: true}, nil
}

// feedback keeps what the user says in a file of CODEX_HOME: nothing is sent.
func (s *Service) feedback(r *Request, p *protocol.FeedbackUploadParams) (any, error) {
	id := "no-active-thread-" + uuid.NewString()
	if p.ThreadID != nil {
		id = *p.ThreadID
	}
	line := struct {
		At       string                         `json:"timestamp"`
		Feedback *protocol.FeedbackUploadParams `json:"feedback"`
	}{s.Now().UTC().Format(time.RFC3339), p}
	f, err := os.OpenFile(filepath.Join(s.Home, "feedback.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		err = errors.Join(jsonrpc.NewWriter(f).Write(line), f.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("keep feedback: %w", err)
	}
	return protocol.FeedbackUploadResponse{ThreadID: id}, nil
}
