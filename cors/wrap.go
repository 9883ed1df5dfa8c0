package cors

import "net/http"

// Wrap makes a handler for an API whose rules do not depend on the request: it answers preflights, and puts the headers of rs on
// the answers of next. refuse writes the error of a preflight that is refused. nil rules leave next as it is. Headers that
// next sets are not there yet: of patterns to expose only a lone * has an effect.
func (rs *Rules) Wrap(next http.Handler, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	if rs == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := RequestOf(r)
		if r.Method != http.MethodOptions || q.Origin == "" || q.Method == "" {
			rs.Match(q).Set(w.Header())
			next.ServeHTTP(w, r)
			return
		}
		a, err := rs.Preflight(q)
		a.Set(w.Header())
		if err != nil {
			refuse(w, r, err)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}
