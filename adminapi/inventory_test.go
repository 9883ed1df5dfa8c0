package adminapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"myfsio/object"
)

// TestInventoryRun has a report written, and reads what became of it.
func TestInventoryRun(t *testing.T) {
	w := newWorld(t, nil)
	ctx := context.Background()
	_, err := w.objects.Put(ctx, object.PutObject{Bucket: "box", Key: "a", Owner: "o", Body: object.Body{Reader: strings.NewReader("x"), Size: 1}})
	check(t, err)
	check(t, w.objects.SetConfig(ctx, "box", object.ConfigInventory, []byte(`{"InventoryConfigurationList":[{"Id":"r","IsEnabled":true,"IncludedObjectVersions":"All",`+
		`"Destination":{"S3BucketDestination":{"Bucket":"arn:aws:s3:::box","Format":"CSV"}},"Schedule":{"Frequency":"Weekly"}}]}`)))
	for _, tt := range [][3]string{
		{"POST", "/admin/inventory/run", `{"bucket":"box","id":"r"}`},
		{"GET", "/admin/inventory/status", ""},
	} {
		res := w.do(t, tt[0], tt[1], tt[2])
		var out struct {
			Running bool `json:"running"`
			Reports []struct {
				Bucket, ID, Manifest, Error string
				Objects                     int
			} `json:"reports"`
		}
		check(t, json.NewDecoder(res.Body).Decode(&out))
		if len(out.Reports) != 1 || out.Running || out.Reports[0].Objects != 1 || out.Reports[0].Error != "" || !strings.HasPrefix(out.Reports[0].Manifest, "box/r/") {
			t.Errorf("%s: %+v", tt[1], out)
		}
	}
	for body, want := range map[string]int{`{}`: http.StatusBadRequest, `{"bucket":"box","id":"x"}`: http.StatusNotFound, `{"bucket":"none"}`: http.StatusNotFound} {
		if res := w.do(t, "POST", "/admin/inventory/run", body); res.StatusCode != want {
			t.Errorf("%s: %d", body, res.StatusCode)
		}
	}
}
