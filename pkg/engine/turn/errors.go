package turn

import (
	"encoding/json"
	"errors"

	"codex/pkg/protocol"
	"codex/pkg/responses"
)

// errorInfo gives the protocol's word for an error of the model's side.
func errorInfo(err *responses.Error, kind string) *protocol.CodexErrorInfo {
	var status *uint16
	if err.HTTPStatus > 0 {
		status = new(uint16(err.HTTPStatus))
	}
	http := &protocol.HTTPStatusInfo{HTTPStatusCode: status}
	switch kind {
	case "httpConnectionFailed":
		return &protocol.CodexErrorInfo{HTTPConnectionFailed: http}
	case "responseStreamConnectionFailed":
		return &protocol.CodexErrorInfo{ResponseStreamConnectionFailed: http}
	case "responseStreamDisconnected":
		return &protocol.CodexErrorInfo{ResponseStreamDisconnected: http}
	case "responseTooManyFailedAttempts":
		return &protocol.CodexErrorInfo{ResponseTooManyFailedAttempts: http}
	case "":
		kind = "other"
	}
	return &protocol.CodexErrorInfo{Kind: kind}
}

func turnError(err error) *protocol.TurnError {
	e := &protocol.TurnError{Message: err.Error(), CodexErrorInfo: &protocol.CodexErrorInfo{Kind: "other"}}
	if re, ok := errors.AsType[*responses.Error](err); ok {
		e.Message = re.Message
		e.CodexErrorInfo = errorInfo(re, re.Kind)
	}
	return e
}

// camelLimits is the rate limit snapshot as clients see it.
func camelLimits(snake json.RawMessage) protocol.RateLimitSnapshot {
	var l responses.RateLimits
	if json.Unmarshal(snake, &l) != nil {
		return protocol.RateLimitSnapshot{}
	}
	out := protocol.RateLimitSnapshot{LimitID: &l.LimitID, LimitName: l.LimitName}
	win := func(w *responses.Window) *protocol.RateLimitWindow {
		if w == nil {
			return nil
		}
		return &protocol.RateLimitWindow{UsedPercent: int32(w.UsedPercent + 0.5), WindowDurationMins: w.WindowMinutes, ResetsAt: w.ResetsAt}
	}
	out.Primary, out.Secondary = win(l.Primary), win(l.Secondary)
	if c := l.Credits; c != nil {
		out.Credits = &protocol.CreditsSnapshot{HasCredits: c.HasCredits, Unlimited: c.Unlimited, Balance: c.Balance}
	}
	return out
}
