package adminapi

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"myfsio/object"
)

// TestLifecycleRun tries rules out, carries them out, and reads what was done.
func TestLifecycleRun(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	for _, k := range []string{"a", "b"} {
		_, err := w.objects.Put(ctx, object.PutObject{Bucket: "box", Key: k, Owner: "o", Body: object.Body{Reader: strings.NewReader("x"), Size: 1}})
		check(t, err)
	}
	check(t, w.objects.SetConfig(ctx, "box", object.ConfigLifecycle, []byte(`{"Rules":[{"ID":"r","Status":"Enabled","Filter":{"Prefix":"a"},"Expiration":{"Date":"2026-03-01T00:00:00Z"}}]}`)))
	ask := func(method, target, body string) (out struct {
		Executions []struct {
			Bucket  string `json:"bucket_name"`
			DryRun  bool   `json:"dry_run"`
			Objects int    `json:"objects_deleted"`
		}
	}) {
		t.Helper()
		res := w.do(t, method, target, body)
		check(t, json.NewDecoder(res.Body).Decode(&out))
		return out
	}
	for _, dry := range []bool{true, false} {
		body, _ := json.Marshal(map[string]any{"dry_run": dry})
		out := ask("POST", "/admin/lifecycle/run", string(body))
		if len(out.Executions) != 1 || out.Executions[0].Objects != 1 || out.Executions[0].DryRun != dry || out.Executions[0].Bucket != "box" {
			t.Errorf("dry %t: %+v", dry, out)
		}
		if _, err := w.objects.Describe(ctx, "box", "a", ""); (err == nil) != dry {
			t.Errorf("dry %t: %v", dry, err)
		}
	}
	if out := ask("GET", "/admin/lifecycle/history?bucket=box", ""); len(out.Executions) != 2 || out.Executions[0].DryRun {
		t.Errorf("%+v", out)
	}
	if out := ask("GET", "/admin/lifecycle/history?limit=1&offset=1", ""); len(out.Executions) != 1 || !out.Executions[0].DryRun {
		t.Errorf("%+v", out)
	}
	if len(w.changes) != 2 || w.changes[0] != "RunLifecycle  done" {
		t.Errorf("%q", w.changes)
	}
}
