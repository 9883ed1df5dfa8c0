package s3

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"myfsio/event"
	"myfsio/fault"
	"myfsio/object"
	"myfsio/s3/wire"
)

// Notices is what tells receivers of events, as far as this package needs it.
type Notices interface {
	// CheckTarget reports why a URL cannot be a destination. It is a fault.InvalidArgument.
	CheckTarget(url string) error
	// Announce queues a test event for each of the URLs, which a bucket names from now on.
	Announce(ctx context.Context, bucket, requestID, hostID string, urls []string) error
}

// actor is who sends the request, for the events that tell of what it does.
func (r *request) actor() object.Actor {
	return object.Actor{Principal: r.gate.Principal.UserID, SourceIP: r.gate.SourceIP, RequestID: r.gate.ID}
}

// notices refuses what is about notifications where the server sends none.
func (h *Handler) notices() error {
	if h.cfg.Notices == nil {
		return fault.New(fault.NotImplemented, "This server sends no notifications.")
	}
	return nil
}

// notification is the stored configuration of a bucket, an empty one where it has none.
func (h *Handler) notification(ctx context.Context, bucket string) (*event.Config, error) {
	c, err := stored(ctx, h, bucket, object.ConfigNotification, "notification", event.ParseJSON)
	if fault.Is(err, fault.NoSuchConfig) {
		return &event.Config{}, nil
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// getNotification serves GetBucketNotificationConfiguration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
func (h *Handler) getNotification(ctx context.Context, r *request) (*response, error) {
	if err := h.notices(); err != nil {
		return nil, err
	}
	c, err := h.notification(ctx, r.gate.Bucket)
	if err != nil {
		return nil, err
	}
	return r.config(notificationXML{c})
}

// putNotification serves PutBucketNotificationConfiguration. A configuration that asks for nothing removes the bucket's. The test
// events are sent behind the answer, as nothing that is wrong with a destination makes the configuration wrong.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
func (h *Handler) putNotification(ctx context.Context, r *request) (*response, error) {
	if err := h.notices(); err != nil {
		return nil, err
	}
	c, err := sent(r, event.MaxDocument, parseNotification, event.ParseJSON)
	if err != nil {
		return nil, err
	}
	if err := c.Check(h.cfg.Notices.CheckTarget); err != nil {
		return nil, err
	}
	if c.Empty() {
		return r.answer(), h.cfg.Store.DeleteConfig(ctx, r.gate.Bucket, object.ConfigNotification)
	}
	before, err := h.notification(ctx, r.gate.Bucket)
	if err != nil && !fault.Is(err, fault.Corrupted) {
		return nil, err
	}
	if err := h.cfg.Store.SetConfig(ctx, r.gate.Bucket, object.ConfigNotification, c.JSON()); err != nil {
		return nil, err
	}
	h.announce(ctx, r, c, before)
	return r.answer(), nil
}

// announce sends a test event to the destinations that are new.
func (h *Handler) announce(ctx context.Context, r *request, now, before *event.Config) {
	urls := now.Targets()
	if before != nil {
		known := before.Targets()
		urls = slices.DeleteFunc(urls, func(u string) bool { return slices.Contains(known, u) })
	}
	if len(urls) == 0 {
		return
	}
	if err := h.cfg.Notices.Announce(ctx, r.gate.Bucket, r.gate.ID, h.hostID[0], urls); err != nil {
		h.cfg.Log.Error("the test event of a notification configuration was not sent", "request", r.gate.ID, "bucket", r.gate.Bucket, "err", err)
	}
}

// deleteNotification serves what version 0.4 had beside the empty configuration.
func (h *Handler) deleteNotification(ctx context.Context, r *request) (*response, error) {
	if err := h.cfg.Store.DeleteConfig(ctx, r.gate.Bucket, object.ConfigNotification); err != nil {
		return nil, err
	}
	return r.done(), nil
}

// notificationXML is a configuration as an XML document. In JSON it is what event.Config is.
type notificationXML struct{ *event.Config }

// The names of elements by the kind of a rule: that of the rule, and that of its target.
var notificationNames = [...]struct{ rule, target string }{
	event.Topic:    {"TopicConfiguration", "Topic"},
	event.Queue:    {"QueueConfiguration", "Queue"},
	event.Function: {"CloudFunctionConfiguration", "CloudFunction"},
}

// parseNotification reads a NotificationConfiguration document, with the WebhookConfiguration of version 0.4.
func parseNotification(body []byte) (*event.Config, error) {
	c := &event.Config{}
	if len(bytes.TrimSpace(body)) == 0 { // version 0.4 cleared by it
		return c, nil
	}
	root, err := wire.ParseXML(body)
	if err != nil {
		return nil, err
	}
	if root.Name != "NotificationConfiguration" {
		return nil, errNotificationXML()
	}
	for i := range root.Children {
		e := &root.Children[i]
		if e.Name == "EventBridgeConfiguration" {
			return nil, event.ErrEventBridge()
		}
		var rule event.Rule
		if !parseNotificationRule(e, &rule) {
			return nil, errNotificationXML()
		}
		c.Rules = append(c.Rules, rule)
	}
	return c, nil
}

func errNotificationXML() error {
	return fault.New(fault.MalformedXML, "The XML you provided was not well-formed or did not validate against our published schema")
}

func parseNotificationRule(e *wire.Element, rule *event.Rule) bool {
	target := ""
	for kind, n := range notificationNames {
		if e.Name == n.rule {
			rule.Kind, target = event.Kind(kind), n.target
		}
	}
	if target == "" && e.Name != "WebhookConfiguration" {
		return false
	}
	for i := range e.Children {
		c := &e.Children[i]
		switch text := strings.TrimSpace(c.Text); {
		case c.Name == "Id" && rule.ID == "":
			rule.ID = text
		case c.Name == "Event":
			rule.Events = append(rule.Events, text)
		case c.Name == target && target != "" && rule.Target == "":
			rule.Target = text
		case c.Name == "Destination" && target == "" && rule.Target == "":
			rule.Target = c.Value("Url")
		case c.Name == "Filter" && rule.Filter == nil:
			if !parseNotificationFilter(c, rule) {
				return false
			}
		default:
			return false
		}
	}
	return rule.Target != ""
}

// parseNotificationFilter reads Filter. Values are keys in parts, whose white space counts.
func parseNotificationFilter(e *wire.Element, rule *event.Rule) bool {
	rule.Filter = []event.FilterRule{}
	for i := range e.Children {
		if e.Children[i].Name != "S3Key" {
			return false
		}
		for j := range e.Children[i].Children {
			f := &e.Children[i].Children[j]
			v := f.Child("Value")
			if f.Name != "FilterRule" || v == nil {
				return false
			}
			rule.Filter = append(rule.Filter, event.FilterRule{Name: f.Value("Name"), Value: v.Text})
		}
	}
	return true
}

// Append writes the XML document behind dst.
func (d notificationXML) Append(dst []byte) []byte {
	text := func(name, value string) {
		dst = append(append(append(dst, '<'), name...), '>')
		dst = wire.AppendText(dst, value)
		dst = append(append(append(dst, "</"...), name...), '>')
	}
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<NotificationConfiguration xmlns="`+wire.Namespace+`">`...)
	for i := range d.Rules {
		r := &d.Rules[i]
		n := notificationNames[r.Kind]
		dst = append(append(append(dst, '<'), n.rule...), '>')
		text("Id", r.ID)
		text(n.target, r.Target)
		for _, e := range r.Events {
			text("Event", e)
		}
		if len(r.Filter) > 0 {
			dst = append(dst, "<Filter><S3Key>"...)
			for _, f := range r.Filter {
				dst = append(dst, "<FilterRule>"...)
				text("Name", f.Name)
				text("Value", f.Value)
				dst = append(dst, "</FilterRule>"...)
			}
			dst = append(dst, "</S3Key></Filter>"...)
		}
		dst = append(append(append(dst, "</"...), n.rule...), '>')
	}
	return append(dst, "</NotificationConfiguration>"...)
}
