package s3

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"myfsio/query"
	"myfsio/query/worker"
)

// TestMain is also the worker of queries.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "select-worker" {
		os.Exit(worker.Main(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// sqlEngine runs the queries of tests; nil in a build without SQL.
func sqlEngine() *query.Engine {
	self, err := query.Self()
	if err != nil || !worker.Built {
		return nil
	}
	return query.New(query.Config{Command: []string{self, "select-worker"}})
}

// selectOver puts data into an object and sends a query in XML about it.
func selectOver(t *testing.T, w *world, data, sql, in string, progress bool) (*http.Response, []byte) {
	t.Helper()
	send := func(method, target, body string) (*http.Response, []byte) {
		req, err := w.request(&exchange{method: method, target: target, auth: "header", who: "admin", size: -1, body: body})
		if err != nil {
			t.Fatal(err)
		}
		res, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, b
	}
	send("PUT", "/box", "")
	send("PUT", "/box/k", data)
	return send("POST", "/box/k?select&select-type=2", fmt.Sprintf(`<SelectObjectContentRequest><Expression>%s</Expression><ExpressionType>SQL</ExpressionType>
		<RequestProgress><Enabled>%t</Enabled></RequestProgress><InputSerialization>%s</InputSerialization><OutputSerialization><CSV/></OutputSerialization></SelectObjectContentRequest>`, sql, progress, in))
}

// TestEventStream reads the answer with the decoder of AWS's SDK.
func TestEventStream(t *testing.T) {
	if !worker.Built {
		t.Skip("built without SQL")
	}
	w := newWorld(t, memory, nil)
	var data strings.Builder
	for i := range 100000 {
		fmt.Fprintf(&data, "%d,%x\n", i, i*i)
	}
	res, body := selectOver(t, w, data.String(), "select * from s3object", "<CSV/>", true)
	if res.StatusCode != 200 || len(res.TransferEncoding) == 0 {
		t.Errorf("%d %v", res.StatusCode, res.TransferEncoding)
	}
	records, last := decode(t, body)
	if records != data.String() {
		t.Errorf("%d bytes of records, want %d", len(records), data.Len())
	}
	n := data.Len()
	want := fmt.Sprintf("<BytesScanned>%d</BytesScanned><BytesProcessed>%d</BytesProcessed><BytesReturned>%d</BytesReturned>", n, n, n)
	if len(last) < 3 || !strings.Contains(last[len(last)-2], want) || !strings.HasPrefix(last[len(last)-2], "Stats") || !strings.HasPrefix(last[len(last)-3], "Progress") || last[len(last)-1] != "End" {
		t.Errorf("last events: %q", last)
	}
}

// TestErrorEvent breaks off in the midst of results.
func TestErrorEvent(t *testing.T) {
	if !worker.Built {
		t.Skip("built without SQL")
	}
	w := newWorld(t, memory, nil)
	data := strings.Repeat("1,2\n", 200000) + "x,y\n"
	res, body := selectOver(t, w, data, "select cast(_1 as int) from s3object", "<CSV/>", false)
	if res.StatusCode != 200 {
		t.Fatal(res.StatusCode, string(body))
	}
	records, last := decode(t, body)
	if records == "" || len(last) == 0 || !strings.HasPrefix(last[len(last)-1], "error CastFailed") {
		t.Errorf("%d bytes of records, then %q", len(records), last)
	}
}

// decode returns the records, and the other events in words.
func decode(t *testing.T, body []byte) (records string, others []string) {
	t.Helper()
	dec := eventstream.NewDecoder()
	r := bytes.NewReader(body)
	for r.Len() > 0 {
		msg, err := dec.Decode(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		get := func(name string) string {
			if v := msg.Headers.Get(name); v != nil {
				return v.String()
			}
			return ""
		}
		switch {
		case get(":message-type") == "error":
			others = append(others, "error "+get(":error-code")+" "+get(":error-message"))
		case get(":event-type") == "Records":
			records += string(msg.Payload)
		default:
			others = append(others, get(":event-type")+string(msg.Payload))
		}
	}
	return records, others
}

// TestWithoutSQL asks a server that has no engine.
func TestWithoutSQL(t *testing.T) {
	w := newWorld(t, memory, func(c *Config) { c.Select = nil })
	res, body := selectOver(t, w, "a", "select * from s3object", "<CSV/>", false)
	if res.StatusCode != 501 || !bytes.Contains(body, []byte("NotImplemented")) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}
