package event

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"myfsio/fault"
)

func anywhere(string) error { return nil }

func TestTypes(t *testing.T) {
	for typ := Type(1); typ < numTypes; typ++ {
		if typ.String() == "" || ParseType(typ.String()) != typ {
			t.Errorf("type %d is called %q", typ, typ)
		}
	}
	for name, want := range map[string]int{
		"s3:ObjectCreated:*": 4, "s3:ObjectRemoved:*": 2, "s3:ObjectTagging:*": 2, "s3:LifecycleExpiration:*": 2, "s3:ObjectAcl:*": 1, "s3:ObjectAcl:Put": 1,
		"s3:ObjectCreated:Put": 1, "s3:*": 0, "*": 0, "": 0, "s3:": 0, "s3:Object*": 0, "s3:ObjectCreated": 0, "s3:ObjectCreated:P*": 0, "ObjectCreated:Put": 0,
		"s3:TestEvent": 0, "s3:objectcreated:put": 0, "s3::*": 0,
	} {
		n := 0
		for typ := Type(1); typ < numTypes; typ++ {
			if typesOf(name).has(typ) {
				n++
			}
		}
		if n != want {
			t.Errorf("%s stands for %d types, want %d", name, n, want)
		}
	}
	if Type(200).String() != "" || ParseType("") != 0 {
		t.Error("an unknown type has a name")
	}
}

func TestDocuments(t *testing.T) {
	for _, c := range []struct{ name, doc, want string }{
		{"empty", `{}`, `{}`},
		{"contract",
			`{"TopicConfigurations":[{"Id":"upload-notify","TopicArn":"https://webhook.example.com/s3-events","Events":["s3:ObjectCreated:*"],
				"Filter":{"Key":{"FilterRules":[{"Name":"prefix","Value":"uploads/"},{"Name":"suffix","Value":".jpg"}]}}}]}`,
			`{"TopicConfigurations":[{"Id":"upload-notify","TopicArn":"https://webhook.example.com/s3-events","Events":["s3:ObjectCreated:*"],"Filter":{"Key":{"FilterRules":[{"Name":"prefix","Value":"uploads/"},{"Name":"suffix","Value":".jpg"}]}}}]}`},
		{"0.4 on disk",
			`{"configurations":[{"Id":"a","Events":["s3:ObjectCreated:*"],"Destination":{"url":"https://h/x?a=1&b=2","headers":{"A":"b"},"timeout_seconds":30,"retry_count":3,"retry_delay_seconds":1},"Filter":{"Key":{"FilterRules":[]}}}]}`,
			`{"TopicConfigurations":[{"Id":"a","TopicArn":"https://h/x?a=1&b=2","Events":["s3:ObjectCreated:*"]}]}`},
		{"queue and function",
			`{"QueueConfigurations":[{"Id":"q","QueueArn":"https://q/","Events":["s3:ObjectRemoved:Delete"]}],"LambdaFunctionConfigurations":[{"Id":"f","LambdaFunctionArn":"https://f/","Events":["s3:ObjectAcl:Put"],"Filter":{"S3Key":{"FilterRules":[{"Name":"Suffix","Value":"é"}]}}}]}`,
			`{"QueueConfigurations":[{"Id":"q","QueueArn":"https://q/","Events":["s3:ObjectRemoved:Delete"]}],"LambdaFunctionConfigurations":[{"Id":"f","LambdaFunctionArn":"https://f/","Events":["s3:ObjectAcl:Put"],"Filter":{"Key":{"FilterRules":[{"Name":"Suffix","Value":"é"}]}}}]}`},
	} {
		conf, err := ParseJSON([]byte(c.doc))
		if err == nil {
			err = conf.Check(anywhere)
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := string(conf.JSON()); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	topic := func(rest string) string {
		return `{"TopicConfigurations":[{"TopicArn":"https://h/","Events":["s3:ObjectCreated:*"]` + rest + `]}`
	}
	filter := func(rules string) string { return topic(`,"Filter":{"Key":{"FilterRules":[` + rules + `]}}}`) }
	for _, c := range []struct {
		doc  string
		kind fault.Kind
		msg  string
	}{
		{`[]`, fault.MalformedXML, "well-formed"},
		{`{} {}`, fault.MalformedXML, "well-formed"},
		{`{"Topics":[]}`, fault.MalformedXML, "well-formed"},
		{`{"EventBridgeConfiguration":{}}`, fault.NotImplemented, "EventBridge"},
		{`{"TopicConfigurations":[{"TopicArn":"https://h/","Events":[]}]}`, fault.MalformedXML, ""},
		{`{"TopicConfigurations":[{"Events":["s3:ObjectCreated:*"]}]}`, fault.InvalidArgument, "one destination"},
		{`{"TopicConfigurations":[{"TopicArn":"a","QueueArn":"b","Events":["s3:ObjectCreated:*"]}]}`, fault.InvalidArgument, "one destination"},
		{`{"TopicConfigurations":[{"TopicArn":"https://h/","Events":["s3:ObjectRestore:Post"]}]}`, fault.InvalidArgument, "not supported"},
		{`{"TopicConfigurations":[{"TopicArn":"arn:aws:sns:us-east-1:1:t","Events":["s3:ObjectCreated:*"]}]}`, fault.InvalidArgument, "not a URL"},
		{`{"TopicConfigurations":[{"TopicArn":"https://bad/","Events":["s3:ObjectCreated:*"]}]}`, fault.InvalidArgument, "destination configurations: no"},
		{filter(`{"Name":"infix","Value":"a"}`), fault.InvalidArgument, "either prefix or suffix"},
		{filter(`{"Name":"prefix","Value":"a"},{"Name":"Prefix","Value":"b"}`), fault.InvalidArgument, "more than one prefix"},
		{filter(`{"Name":"suffix","Value":"a"},{"Name":"SUFFIX","Value":"b"}`), fault.InvalidArgument, "more than one suffix"},
		{filter(`{"Name":"prefix","Value":"` + strings.Repeat("x", 1025) + `"}`), fault.InvalidArgument, "cannot exceed"},
		{topic(`},{"TopicArn":"https://other/","Events":["s3:ObjectCreated:Put"]}`), fault.InvalidArgument, "overlap"},
		{topic(`,"Id":"a"},{"Id":"a","TopicArn":"https://h/","Events":["s3:ObjectRemoved:*"]}`), fault.InvalidArgument, "unique"},
		{topic(`,"Id":"` + strings.Repeat("é", 256) + `"}`), fault.InvalidArgument, "characters"},
	} {
		conf, err := ParseJSON([]byte(c.doc))
		if err == nil {
			err = conf.Check(func(u string) error {
				if u == "https://bad/" {
					return fault.New(fault.InvalidArgument, "no")
				}
				return nil
			})
		}
		if !fault.Is(err, c.kind) || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("%s: %v", c.doc, err)
		}
	}
	conf := &Config{Rules: []Rule{{Target: "https://h/", Events: []string{"s3:ObjectAcl:Put"}}}}
	if err := conf.Check(func(string) error { return errors.New("secret") }); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("an error without words for clients was shown: %v", err)
	}
}

func TestOverlap(t *testing.T) {
	rule := func(prefix, suffix string, events ...string) Rule {
		return Rule{Target: "https://h/", Events: events, Filter: []FilterRule{{"prefix", prefix}, {"suffix", suffix}}}
	}
	const put, copied = "s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"
	for _, c := range []struct {
		a, b    Rule
		overlap bool
	}{
		{rule("a/", "", put), rule("b/", "", put), false},
		{rule("a/", "", put), rule("a/b", "", put), true},
		{rule("a/", "", put), rule("a/b", "", copied), false},
		{rule("", ".jpg", put), rule("", ".png", put), false},
		{rule("", ".jpg", put), rule("", "g", "s3:ObjectCreated:*"), true},
		{rule("a/", ".jpg", put), rule("b/", ".jpg", put), false},
		{rule("a/", ".jpg", put), rule("a/", ".png", put), false},
		{rule("a/", ".jpg", put), rule("", "", put), true},
	} {
		conf := &Config{Rules: []Rule{c.a, c.b}}
		if err := conf.Check(anywhere); (err != nil) != c.overlap {
			t.Errorf("%v and %v: %v", c.a, c.b, err)
		}
	}
}

func TestMatch(t *testing.T) {
	rules := Compile(&Config{Rules: []Rule{
		{ID: "jpg", Target: "j", Events: []string{"s3:ObjectCreated:*"}, Filter: []FilterRule{{"Prefix", "up/"}, {"Suffix", ".jpg"}}},
		{ID: "gone", Target: "g", Events: []string{"s3:ObjectRemoved:Delete", "s3:ObjectTagging:*"}},
	}})
	for _, c := range []struct {
		typ  Type
		key  string
		want string
	}{
		{CreatedPut, "up/a.jpg", "jpg"}, {CreatedMultipart, "up/.jpg", "jpg"}, {CreatedPut, "up/a.JPG", ""}, {CreatedPut, "a.jpg", ""}, {CreatedPut, "up.jpg", ""},
		{RemovedDelete, "up/a.jpg", "gone"}, {RemovedMarker, "up/a.jpg", ""}, {TaggingDelete, "", "gone"}, {ExpirationDelete, "x", ""}, {0, "x", ""},
	} {
		got := ""
		for _, m := range rules.Match(nil, c.typ, c.key) {
			got += m.ID
		}
		if got != c.want {
			t.Errorf("%v on %q: %q, want %q", c.typ, c.key, got, c.want)
		}
	}
	var none *Rules
	if none.Match(nil, CreatedPut, "a") != nil {
		t.Error("no rules match")
	}
	room := make([]Match, 0, 4)
	if n := testing.AllocsPerRun(100, func() { rules.Match(room, CreatedPut, "up/a.jpg") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestRecord(t *testing.T) {
	c := Change{
		Type: CreatedPut, Time: time.Date(2024, 1, 15, 10, 30, 0, 5e6, time.UTC), Bucket: "box", BucketOwner: "owner", Region: "us-east-1",
		Key: "uploads/red flower+é.jpg", Size: 102400, ETag: "abc", Sequencer: "0055AED6DCD90281E5", Principal: "u-1", SourceIP: "192.0.2.1", RequestID: "R", HostID: "H",
	}
	const want = `{"Records":[{"eventVersion":"2.1","eventSource":"myfsio:s3","awsRegion":"us-east-1","eventTime":"2024-01-15T10:30:00.005Z","eventName":"ObjectCreated:Put",` +
		`"userIdentity":{"principalId":"u-1"},"requestParameters":{"sourceIPAddress":"192.0.2.1"},"responseElements":{"x-amz-request-id":"R","x-amz-id-2":"H"},` +
		`"s3":{"s3SchemaVersion":"1.0","configurationId":"rule","bucket":{"name":"box","ownerIdentity":{"principalId":"owner"},"arn":"arn:aws:s3:::box"},` +
		`"object":{"key":"uploads/red+flower%2B%C3%A9.jpg","size":102400,"eTag":"abc","sequencer":"0055AED6DCD90281E5"}}}]}`
	if got := string(c.JSON("rule")); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	c.Type, c.VersionID, c.ETag = RemovedMarker, "v1", ""
	if got := string(c.JSON("rule")); !strings.Contains(got, `"versionId":"v1"`) || strings.Contains(got, "size") {
		t.Error(got)
	}
	c.Type, c.Size = CreatedPut, 0
	if got := string(c.JSON("rule")); !strings.Contains(got, `"size":0`) {
		t.Error("the size of an empty object is not shown")
	}
}

// FuzzDocument: what is taken comes back as itself, and no input panics.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"TopicConfigurations":[{"Id":"a","TopicArn":"https://h/","Events":["s3:ObjectCreated:*"],"Filter":{"Key":{"FilterRules":[{"Name":"prefix","Value":"u/"}]}}}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := ParseJSON(doc)
		if err != nil || c.Check(anywhere) != nil {
			return
		}
		again, err := ParseJSON(c.JSON())
		if err != nil || again.Check(anywhere) != nil || string(again.JSON()) != string(c.JSON()) || !slices.Equal(c.Targets(), again.Targets()) {
			t.Errorf("%s became %s: %v", doc, c.JSON(), err)
		}
	})
}

// FuzzKey: receivers get every key back.
func FuzzKey(f *testing.F) {
	f.Add("a b/c%2F+é")
	f.Fuzz(func(t *testing.T, key string) {
		got, err := url.QueryUnescape(escapeKey(key))
		if err != nil || got != key {
			t.Errorf("%q: %q, %v", key, got, err)
		}
		if !json.Valid((&Change{Key: key, Bucket: key}).JSON(key)) {
			t.Errorf("%q: not JSON", key)
		}
	})
}
