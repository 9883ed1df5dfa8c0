package cors

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWrap(t *testing.T) {
	rs, err := Server([]string{"https://a"}, []string{"GET", "PATCH"}, []string{"authorization"}, []string{"*"})
	if err != nil {
		t.Fatal(err)
	}
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	refuse := func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusForbidden)
	}
	for _, tt := range []struct {
		method, origin, asks string
		status               int
		allowed              bool
	}{
		{"OPTIONS", "https://a", "PATCH", 200, true}, {"OPTIONS", "https://a", "PUT", 403, false}, {"OPTIONS", "https://b", "GET", 403, false},
		{"OPTIONS", "", "", 418, false}, {"OPTIONS", "https://a", "", 418, false}, {"GET", "https://a", "", 418, true}, {"PUT", "https://a", "", 418, false}, {"GET", "", "", 418, false},
	} {
		r := httptest.NewRequest(tt.method, "/", nil)
		for name, v := range map[string]string{"Origin": tt.origin, "Access-Control-Request-Method": tt.asks} {
			if v != "" {
				r.Header.Set(name, v)
			}
		}
		w := httptest.NewRecorder()
		rs.Wrap(next, refuse).ServeHTTP(w, r)
		if w.Code != tt.status || (w.Header().Get("Access-Control-Allow-Origin") != "") != tt.allowed {
			t.Errorf("%+v: %d %v", tt, w.Code, w.Header())
		}
	}
	var none *Rules
	w := httptest.NewRecorder()
	none.Wrap(next, refuse).ServeHTTP(w, httptest.NewRequest("OPTIONS", "/", nil))
	if w.Code != http.StatusTeapot || len(w.Header()) != 0 {
		t.Error(w.Code, w.Header())
	}
}
