package gate

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"myfsio/fault"
	"myfsio/iam/policy"
)

// NewRequest begins a Request for one of HTTP, with what every front knows before it proves who sends it: the address of the client without
// port, whether the client's connection is encrypted, and the time. Its Conditions say the same.
func NewRequest(r *http.Request, id, ip string, secure bool, now time.Time) Request {
	agent, referer := r.UserAgent(), r.Referer()
	return Request{
		ID: id, SourceIP: ip, Secure: secure, UserAgent: agent, Referer: referer, Started: now,
		Conditions: policy.Context{Now: now, SourceIP: ip, Secure: secure, UserAgent: agent, Referer: referer},
	}
}

// Limit takes one request of a client from the budget of a class. When ok is false the client is told to come again after retryAfter. nil
// limits nothing.
type Limit func(ctx context.Context, class RateClass, client string) (retryAfter time.Duration, ok bool)

// Take takes a request from the budget; fault.SlowDown, with the time to wait, when it is used up.
func (l Limit) Take(ctx context.Context, class RateClass, client string) (wait time.Duration, err error) {
	if l == nil {
		return 0, nil
	}
	if wait, ok := l(ctx, class, client); !ok {
		return wait, fault.New(fault.SlowDown, "")
	}
	return 0, nil
}

// RetryAfter is a wait as the header Retry-After says it: in whole seconds, at least one.
func RetryAfter(wait time.Duration) string {
	return strconv.FormatInt(max(1, int64((wait+time.Second-1)/time.Second)), 10)
}
