package protocol

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/tidwall/gjson"
)

// ThreadItem is one entry of a turn: what was said, thought, run or changed. Each variant
// is a pointer to one of the …Item structs, or an UnknownItem.
type ThreadItem interface {
	// ItemType is the variant's name on the wire.
	ItemType() string
	// ItemID is the item's id, the same in its started, delta and completed messages.
	ItemID() string
}

// UnknownItem is an item of a type that this package does not know. It is written back
// as it was read.
type UnknownItem struct {
	Type string
	ID   string
	Raw  json.RawMessage
}

// ItemType is the name as received.
func (i *UnknownItem) ItemType() string { return i.Type }

// ItemID is the id as received, or empty.
func (i *UnknownItem) ItemID() string { return i.ID }

// MarshalJSON writes the item as it was read.
func (i *UnknownItem) MarshalJSON() ([]byte, error) { return i.Raw, nil }

// itemVariants are the variants, in the order of the schema.
var itemVariants = [...]struct {
	typ   string
	empty func() ThreadItem
}{
	{ItemUserMessage, empty[UserMessageItem]},
	{ItemHookPrompt, empty[HookPromptItem]},
	{ItemAgentMessage, empty[AgentMessageItem]},
	{ItemPlan, empty[PlanItem]},
	{ItemReasoning, empty[ReasoningItem]},
	{ItemCommandExecution, empty[CommandExecutionItem]},
	{ItemFileChange, empty[FileChangeItem]},
	{ItemMcpToolCall, empty[McpToolCallItem]},
	{ItemDynamicToolCall, empty[DynamicToolCallItem]},
	{ItemCollabAgentToolCall, empty[CollabAgentToolCallItem]},
	{ItemWebSearch, empty[WebSearchItem]},
	{ItemImageView, empty[ImageViewItem]},
	{ItemImageGeneration, empty[ImageGenerationItem]},
	{ItemEnteredReviewMode, empty[EnteredReviewModeItem]},
	{ItemExitedReviewMode, empty[ExitedReviewModeItem]},
	{ItemContextCompaction, empty[ContextCompactionItem]},
}

func empty[T any, P interface {
	*T
	ThreadItem
}]() ThreadItem {
	return P(new(T))
}

// ItemVariants gives one empty item of each variant, for the schema generator and for tests.
func ItemVariants() (all []ThreadItem) {
	for _, v := range itemVariants {
		all = append(all, v.empty())
	}
	return all
}

// newItem gives an empty item of the type, nil for an unknown type.
func newItem(typ string) ThreadItem {
	for i := range itemVariants {
		if v := &itemVariants[i]; v.typ == typ {
			return v.empty()
		}
	}
	return nil
}

// DecodeThreadItem reads one item. Unknown types give an UnknownItem that keeps a copy
// of the raw JSON; JSON that is no object, or a known type with a field of the wrong
// shape, is an error.
func DecodeThreadItem(raw []byte) (ThreadItem, error) {
	typ := gjson.GetBytes(raw, "type").String()
	item := newItem(typ)
	if item == nil {
		var obj map[string]json.RawMessage
		if err := json.Unmarshal(raw, &obj); err != nil {
			return nil, fmt.Errorf("decode thread item: %w", err)
		}
		if obj == nil {
			return nil, fmt.Errorf("decode thread item: not an object")
		}
		return &UnknownItem{Type: typ, ID: gjson.GetBytes(raw, "id").String(), Raw: append(json.RawMessage(nil), raw...)}, nil
	}
	if err := json.Unmarshal(raw, item); err != nil {
		return nil, fmt.Errorf("decode thread item %s: %w", typ, err)
	}
	// With two type members in one object the two readers need not agree: the Go type wins.
	reflect.ValueOf(item).Elem().FieldByName("Type").SetString(typ)
	return item, nil
}

// ThreadItems is an array of items; nil is written as [].
type ThreadItems []ThreadItem

// MarshalJSON writes [] for nil.
func (l ThreadItems) MarshalJSON() ([]byte, error) { return List[ThreadItem](l).MarshalJSON() }

// UnmarshalJSON reads each item with DecodeThreadItem.
func (l *ThreadItems) UnmarshalJSON(raw []byte) error {
	var raws []json.RawMessage
	if err := json.Unmarshal(raw, &raws); err != nil {
		return fmt.Errorf("decode thread items: %w", err)
	}
	*l = make(ThreadItems, len(raws))
	for i, r := range raws {
		item, err := DecodeThreadItem(r)
		if err != nil {
			return err
		}
		(*l)[i] = item
	}
	return nil
}

// UnmarshalJSON reads the notification and its item.
func (n *ItemStartedNotification) UnmarshalJSON(raw []byte) error {
	type plain ItemStartedNotification
	w := struct {
		*plain
		Item json.RawMessage `json:"item"`
	}{plain: (*plain)(n)}
	if err := json.Unmarshal(raw, &w); err != nil {
		return fmt.Errorf("decode item/started: %w", err)
	}
	item, err := DecodeThreadItem(w.Item)
	n.Item = item
	return err
}

// UnmarshalJSON reads the notification and its item.
func (n *ItemCompletedNotification) UnmarshalJSON(raw []byte) error {
	type plain ItemCompletedNotification
	w := struct {
		*plain
		Item json.RawMessage `json:"item"`
	}{plain: (*plain)(n)}
	if err := json.Unmarshal(raw, &w); err != nil {
		return fmt.Errorf("decode item/completed: %w", err)
	}
	item, err := DecodeThreadItem(w.Item)
	n.Item = item
	return err
}
