package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"myfsio/tests/daemon"
)

// kmsKey is a key of the KMS that some writes ask for.
const kmsKey = "crash"

// admin asks the administration API, and reads its answer into out, nil for none.
func (r *run) admin(ctx context.Context, method, path, body string, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, r.server.URL()+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	req.Header = http.Header{"X-Access-Key": {daemon.AccessKey}, "X-Secret-Key": {daemon.SecretKey}, "Content-Type": {"application/json"}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	doc, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", method, path, res.Status, doc)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(doc, out)
}

// rewrap begins to put what former master keys wrap under the one in force. The kill may come before the end.
func (r *run) rewrap(ctx context.Context) {
	_ = r.admin(ctx, "POST", "/admin/encryption/rewrap/run", "{}", nil) // what came of it shows in the end
}

// oneKey re-wraps all there is, and takes away the former master keys. Everything can be read all the same.
func (r *run) oneKey(ctx context.Context) error {
	var report struct {
		Complete bool
		Failed   int64    `json:"envelopes_failed"`
		Errors   []string `json:"errors"`
	}
	if err := r.admin(ctx, "POST", "/admin/encryption/rewrap/run", "{}", &report); err != nil {
		return err
	}
	if !report.Complete || report.Failed > 0 || len(report.Errors) > 0 {
		return fmt.Errorf("re-wrapping: %+v", report)
	}
	var status struct {
		Former []struct {
			ID        string `json:"key_id"`
			Removable bool   `json:"removable"`
		} `json:"former_keys"`
	}
	if err := r.admin(ctx, "GET", "/admin/encryption/rewrap/status", "", &status); err != nil {
		return err
	}
	for _, f := range status.Former {
		if !f.Removable {
			return fmt.Errorf("after re-wrapping: %+v", status)
		}
		if err := os.Remove(filepath.Join(r.server.Data(), ".myfsio.sys", "keys", "master.key."+f.ID)); err != nil {
			return err
		}
	}
	if err := r.server.Stop(); err != nil {
		return err
	}
	if err := r.start(); err != nil {
		return err
	}
	return r.verify(ctx, true)
}
