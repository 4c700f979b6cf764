package protocol

import "encoding/json"

// ThreadRealtimeStartParams holds the params of thread/realtime/start, which is experimental.
type ThreadRealtimeStartParams struct {
	ThreadID          string                        `json:"threadId"`
	OutputModality    RealtimeOutputModality        `json:"outputModality"`
	Prompt            Patch[string]                 `json:"prompt,omitzero"`
	RealtimeSessionID *string                       `json:"realtimeSessionId,omitempty"`
	Transport         *ThreadRealtimeStartTransport `json:"transport,omitempty"`
	Voice             *RealtimeVoice                `json:"voice,omitempty"`
}

// RealtimeOutputModality says whether a voice session answers in text or speech.
type RealtimeOutputModality string

func (RealtimeOutputModality) Values() []string { return []string{"text", "audio"} }

// ThreadRealtimeStartTransport says how a voice session is carried. It is a tagged union.
type ThreadRealtimeStartTransport struct {
	Type string `json:"type" schema:"union=websocket|webrtc"`
	Sdp  string `json:"sdp" in:"webrtc"`
}

func (v ThreadRealtimeStartTransport) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// RealtimeVoice is a voice.
type RealtimeVoice string

func (RealtimeVoice) Values() []string {
	return []string{"alloy", "arbor", "ash", "ballad", "breeze", "cedar", "coral", "cove", "echo", "ember", "juniper", "maple", "marin", "sage", "shimmer", "sol", "spruce", "vale", "verse"}
}

// ThreadRealtimeAppendAudioParams holds the params of thread/realtime/appendAudio, which is
// experimental.
type ThreadRealtimeAppendAudioParams struct {
	ThreadID string                   `json:"threadId"`
	Audio    ThreadRealtimeAudioChunk `json:"audio"`
}

// ThreadRealtimeAudioChunk is a piece of sound, in base64.
type ThreadRealtimeAudioChunk struct {
	Data              string  `json:"data"`
	SampleRate        uint32  `json:"sampleRate"`
	NumChannels       uint16  `json:"numChannels"`
	SamplesPerChannel *uint32 `json:"samplesPerChannel"`
	ItemID            *string `json:"itemId"`
}

// ThreadRealtimeAppendTextParams holds the params of thread/realtime/appendText, which is
// experimental.
type ThreadRealtimeAppendTextParams struct {
	ThreadID string `json:"threadId"`
	Text     string `json:"text"`
}

// ThreadRealtimeListVoicesResponse is the result of thread/realtime/listVoices, which is
// experimental.
type ThreadRealtimeListVoicesResponse struct {
	Voices RealtimeVoicesList `json:"voices"`
}

// RealtimeVoicesList are the voices of both versions.
type RealtimeVoicesList struct {
	V1        List[RealtimeVoice] `json:"v1"`
	V2        List[RealtimeVoice] `json:"v2"`
	DefaultV1 RealtimeVoice       `json:"defaultV1"`
	DefaultV2 RealtimeVoice       `json:"defaultV2"`
}

// ThreadRealtimeStartedNotification holds the params of thread/realtime/started.
type ThreadRealtimeStartedNotification struct {
	ThreadID          string                      `json:"threadId"`
	RealtimeSessionID *string                     `json:"realtimeSessionId"`
	Version           RealtimeConversationVersion `json:"version"`
}

// RealtimeConversationVersion is the version of a voice session.
type RealtimeConversationVersion string

func (RealtimeConversationVersion) Values() []string { return []string{"v1", "v2"} }

// ThreadRealtimeItemAddedNotification holds the params of thread/realtime/itemAdded.
type ThreadRealtimeItemAddedNotification struct {
	ThreadID string          `json:"threadId"`
	Item     json.RawMessage `json:"item"`
}

// ThreadRealtimeTranscriptDeltaNotification holds the params of thread/realtime/transcript/delta.
type ThreadRealtimeTranscriptDeltaNotification struct {
	ThreadID string `json:"threadId"`
	Role     string `json:"role"`
	Delta    string `json:"delta"`
}

// ThreadRealtimeTranscriptDoneNotification holds the params of thread/realtime/transcript/done.
type ThreadRealtimeTranscriptDoneNotification struct {
	ThreadID string `json:"threadId"`
	Role     string `json:"role"`
	Text     string `json:"text"`
}

// ThreadRealtimeOutputAudioDeltaNotification holds the params of thread/realtime/outputAudio/delta.
type ThreadRealtimeOutputAudioDeltaNotification struct {
	ThreadID string                   `json:"threadId"`
	Audio    ThreadRealtimeAudioChunk `json:"audio"`
}

// ThreadRealtimeSdpNotification holds the params of thread/realtime/sdp.
type ThreadRealtimeSdpNotification struct {
	ThreadID string `json:"threadId"`
	Sdp      string `json:"sdp"`
}

// ThreadRealtimeErrorNotification holds the params of thread/realtime/error.
type ThreadRealtimeErrorNotification struct {
	ThreadID string `json:"threadId"`
	Message  string `json:"message"`
}

// ThreadRealtimeClosedNotification holds the params of thread/realtime/closed.
type ThreadRealtimeClosedNotification struct {
	ThreadID string  `json:"threadId"`
	Reason   *string `json:"reason"`
}
