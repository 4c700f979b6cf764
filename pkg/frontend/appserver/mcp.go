package appserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// mcpReload lets every thread read its settings again, which names its servers anew.
func (s *Server) mcpReload(*request) (any, error) {
	s.reload()
	return protocol.McpServerRefreshResponse{}, nil
}

// askEngine starts an engine for one request, such as for the servers there are, without a
// thread that anybody else sees.
func (s *Server) askEngine(r *request) (any, error) {
	cmd := s.opts.Engine
	// Nobody has to be logged in for it: the model is not asked.
	cmd.Args = append(slices.Clone(cmd.Args), "--source", "vscode", "--ephemeral",
		"-c", `model_providers.no-model={name="none",command=["false"]}`, "-c", "model_provider=no-model")
	// One that fails is a part of the answer, whether threads can do without it or not.
	cfg, err := config.Load(r.c.ctx, s.opts.Config)
	if err != nil {
		return nil, err
	}
	for _, server := range cfg.MCPServers() {
		if server.Required {
			cmd.Args = append(cmd.Args, "-c", config.DottedKey([]string{"mcp_servers", server.Name, "required"})+"=false")
		}
	}
	if socket := s.mcpSocket(); socket != "" {
		cmd.Args = append(cmd.Args, "--mcp-pool", socket)
	}
	pipe, err := pipeline.Start(pipeline.Spec{Engine: cmd, Env: s.opts.Environ, Stderr: s.opts.Stderr})
	if err != nil {
		return nil, fmt.Errorf("start an engine: %w", err)
	}
	conn := jsonrpc.NewConn(jsonrpc.NewWriter(pipe.In), jsonrpc.Options{FirstID: 1})
	served := make(chan struct{})
	go func() { // ends with the engine's lines
		defer close(served)
		_ = conn.Serve(jsonrpc.NewReader(pipe.Out, 0)) // the call fails with it
	}()
	defer func() { pipe.Wait(s.opts.Grace); <-served }()
	params := r.Params
	if params == nil {
		params = json.RawMessage("{}")
	}
	var result json.RawMessage
	err = conn.Call(r.c.ctx, r.Method, params, func(raw json.RawMessage) error {
		result = bytes.Clone(raw)
		return nil
	})
	return result, err
}
