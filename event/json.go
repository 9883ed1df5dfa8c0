package event

import (
	"encoding/json"
	"slices"

	"myfsio/fault"
	"myfsio/jsondoc"
)

// document is every JSON form that is read: AWS's, and below that those of version 0.4.
type document struct {
	Topics      []ruleJSON       `json:"TopicConfigurations,omitempty"`
	Queues      []ruleJSON       `json:"QueueConfigurations,omitempty"`
	Functions   []ruleJSON       `json:"LambdaFunctionConfigurations,omitempty"`
	OldTopic    []ruleJSON       `json:"TopicConfiguration,omitempty"`
	OldQueue    []ruleJSON       `json:"QueueConfiguration,omitempty"`
	OldFunction []ruleJSON       `json:"CloudFunctionConfigurations,omitempty"`
	EventBridge *json.RawMessage `json:"EventBridgeConfiguration,omitempty"`
	Webhooks    []ruleJSON       `json:"WebhookConfigurations,omitempty"`
	Webhook     []ruleJSON       `json:"WebhookConfiguration,omitempty"`
	Disk        []ruleJSON       `json:"configurations,omitempty"`
}

type ruleJSON struct {
	ID          string           `json:"Id"`
	Topic       string           `json:"TopicArn,omitempty"`
	Queue       string           `json:"QueueArn,omitempty"`
	Function    string           `json:"LambdaFunctionArn,omitempty"`
	Destination *destinationJSON `json:"Destination,omitempty"`
	Events      []string         `json:"Events"`
	Filter      *filterJSON      `json:"Filter,omitempty"`
}

// destinationJSON is that of version 0.4. Its headers and its numbers for retries have no effect.
type destinationJSON struct {
	URL        string            `json:"Url"` // or url: names have no case
	Headers    map[string]string `json:"headers,omitempty"`
	Timeout    float64           `json:"timeout_seconds,omitempty"`
	Retries    float64           `json:"retry_count,omitempty"`
	RetryDelay float64           `json:"retry_delay_seconds,omitempty"`
}

type filterJSON struct {
	Key   *keyFilterJSON `json:"Key,omitempty"`
	S3Key *keyFilterJSON `json:"S3Key,omitempty"`
}

type keyFilterJSON struct {
	Rules []FilterRule `json:"FilterRules"`
}

// ParseJSON reads a JSON document. What it returns is to be checked unless it was stored.
func ParseJSON(doc []byte) (*Config, error) {
	if len(doc) > MaxDocument {
		return nil, &fault.Error{Kind: fault.EntityTooLarge, Code: "MaxMessageLengthExceeded", Msg: "Your request was too big."}
	}
	var d document
	if jsondoc.Decode(doc, &d) != nil {
		return nil, &fault.Error{Kind: fault.MalformedXML, Code: "MalformedXML",
			Msg: "The JSON you provided was not well-formed or has fields that this operation does not know."}
	}
	if d.EventBridge != nil {
		return nil, ErrEventBridge()
	}
	c := &Config{}
	for _, list := range []struct {
		kind  Kind
		rules []ruleJSON
	}{
		{Topic, d.Topics}, {Topic, d.OldTopic}, {Queue, d.Queues}, {Queue, d.OldQueue}, {Function, d.Functions}, {Function, d.OldFunction},
		{Topic, d.Webhooks}, {Topic, d.Webhook}, {Topic, d.Disk},
	} {
		for i := range list.rules {
			r, ok := list.rules[i].rule(list.kind)
			if !ok {
				return nil, invalid("A configuration names one destination: TopicArn, QueueArn or LambdaFunctionArn, whose value is a URL.")
			}
			c.Rules = append(c.Rules, r)
		}
	}
	return c, nil
}

// ErrEventBridge is the error of a configuration that asks for what only AWS has.
func ErrEventBridge() error {
	return fault.New(fault.NotImplemented, "EventBridge is not offered: give the URL of a webhook as TopicArn.")
}

// rule returns the rule of one configuration; ok says that it names exactly one target.
func (j *ruleJSON) rule(kind Kind) (r Rule, ok bool) {
	r = Rule{Kind: kind, ID: j.ID, Events: j.Events}
	given := []string{j.Topic, j.Queue, j.Function}
	if j.Destination != nil {
		given = append(given, j.Destination.URL)
	}
	given = slices.DeleteFunc(given, func(s string) bool { return s == "" })
	if len(given) != 1 {
		return r, false
	}
	r.Target = given[0]
	if f := j.Filter; f != nil {
		for _, k := range []*keyFilterJSON{f.Key, f.S3Key} {
			if k != nil {
				r.Filter = append(r.Filter, k.Rules...)
			}
		}
	}
	return r, true
}

// MarshalJSON writes AWS's form.
func (c *Config) MarshalJSON() ([]byte, error) {
	var d document
	for i := range c.Rules {
		r := &c.Rules[i]
		j := ruleJSON{ID: r.ID, Events: r.Events}
		if len(r.Filter) > 0 {
			j.Filter = &filterJSON{Key: &keyFilterJSON{r.Filter}}
		}
		switch r.Kind {
		case Queue:
			j.Queue = r.Target
			d.Queues = append(d.Queues, j)
		case Function:
			j.Function = r.Target
			d.Functions = append(d.Functions, j)
		default:
			j.Topic = r.Target
			d.Topics = append(d.Topics, j)
		}
	}
	return jsondoc.Encode(&d)
}

// JSON returns the document as it is stored.
func (c *Config) JSON() []byte {
	b, err := c.MarshalJSON()
	if err != nil {
		panic(err) // strings alone
	}
	return b
}
