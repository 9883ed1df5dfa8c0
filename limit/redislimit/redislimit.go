// Package redislimit is a limit.Limiter whose counts are shared through a Redis server, so that many gateways
// allow together what one would.
//
// Each request that is allowed costs one round trip: a script keeps, for a client and a class, the time at which
// its allowance is whole again, under <prefix><class>:<network>, and the key lives as long as that time is ahead. The clock is the
// server's, so clocks of gateways may differ. A server that speaks Redis's protocol and runs Lua will do: Redis 5 and later, Valkey.
//
// # When the server is away
//
// Every request is first counted by this process alone. What exceeds a limit here exceeds it in the fleet as
// well and is refused without asking, so a flood does not reach the server. When the server fails, or takes longer than
// Timeout, the count of this process decides: nobody is refused for it, and nobody is unlimited. From then on one request in each Retry asks,
// and the others do not wait. The log says once that the server is away, and once that it is back.
package redislimit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gomodule/redigo/redis"

	"myfsio/limit"
)

// Options of a Limiter. URL and Rates are needed.
type Options struct {
	URL     string        // redis://[user:password@]host[:port][/number], or rediss:// for TLS
	Rates   []limit.Rate  // by class
	Prefix  string        // of keys; default "myfsio:limit:"
	Timeout time.Duration // of one answer, connecting included; default 100 ms
	Retry   time.Duration // how long a server that failed is not asked; default 1 s
	TLS     *tls.Config   // for rediss, default the system's authorities
	Log     *slog.Logger
	Local   *limit.Memory    // the counts of this process; default one with these Rates
	Now     func() time.Time // of Local and Retry; default time.Now
}

// Limiter counts on a server. Close it.
type Limiter struct {
	o     Options
	addr  string
	pool  *redis.Pool
	born  time.Time // by o.Now
	start time.Time // by the system's clock, which the pool goes by
	// away is 0 while the server answers, else when it may be asked again, since born.
	away atomic.Int64
	// stale is when a connection last failed, since start: those that were idle then are not used again.
	stale atomic.Int64
}

var _ limit.Limiter = (*Limiter)(nil)

// Open returns a limiter on the server of o.URL. It does not connect: a server that is away is no error.
func Open(o Options) (*Limiter, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Local == nil {
		o.Local = limit.NewMemory(limit.Options{Rates: o.Rates, Now: o.Now})
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Prefix == "" {
		o.Prefix = "myfsio:limit:"
	}
	if o.Timeout <= 0 {
		o.Timeout = 100 * time.Millisecond
	}
	if o.Retry <= 0 {
		o.Retry = time.Second
	}
	l := &Limiter{o: o, born: o.Now(), start: time.Now()}
	addr, dial, err := parse(o)
	if err != nil {
		return nil, err
	}
	l.addr = addr
	l.pool = &redis.Pool{
		MaxIdle: 32, MaxActive: 64, Wait: true, IdleTimeout: 5 * time.Minute,
		DialContext: func(ctx context.Context) (redis.Conn, error) { return redis.DialContext(ctx, "tcp", addr, dial...) },
		TestOnBorrow: func(_ redis.Conn, idle time.Time) error {
			if int64(idle.Sub(l.start)) <= l.stale.Load() {
				return errStale
			}
			return nil
		},
	}
	return l, nil
}

var errStale = errors.New("idle since before a failure")

// Close closes the connections. Requests are counted in this process afterwards.
func (l *Limiter) Close() error { return l.pool.Close() }

// parse reads the URL. Its errors never repeat it: it may hold a password.
func parse(o Options) (addr string, dial []redis.DialOption, err error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Opaque != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", nil, errors.New("is not redis://[user:password@]host:port/number, nor rediss:// for TLS; characters such as @ in a password are written %40")
	}
	host, port := u.Hostname(), u.Port()
	if host == "" {
		host = "localhost"
	}
	if port == "" {
		port = "6379"
	}
	db, err := strconv.Atoi(strings.TrimPrefix(u.Path, "/"))
	if strings.Trim(u.Path, "/") == "" {
		db, err = 0, nil
	}
	if err != nil || db < 0 {
		return "", nil, errors.New("names no database: the path is a number")
	}
	user, password := u.User.Username(), ""
	if p, ok := u.User.Password(); ok {
		password = p
	} else { // redis://password@host, as redis-cli has it
		user, password = "", user
	}
	config := o.TLS
	if config == nil {
		config = new(tls.Config) // TLS 1.2 or later
	}
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName = host
	}
	return net.JoinHostPort(host, port), []redis.DialOption{
		redis.DialUsername(user), redis.DialPassword(password), redis.DialDatabase(db),
		redis.DialUseTLS(u.Scheme == "rediss"), redis.DialTLSConfig(config), redis.DialTLSHandshakeTimeout(o.Timeout),
		redis.DialConnectTimeout(o.Timeout), redis.DialReadTimeout(o.Timeout), redis.DialWriteTimeout(o.Timeout),
	}, nil
}

// Take implements limit.Limiter. It takes at most about Timeout, whatever the server does.
func (l *Limiter) Take(ctx context.Context, c limit.Class, client string) (time.Duration, bool) {
	if retry, ok := l.o.Local.Take(ctx, c, client); !ok {
		return retry, false
	}
	if int(c) >= len(l.o.Rates) {
		c = 0
	}
	if len(l.o.Rates) == 0 || !l.o.Rates[c].Limited() {
		return 0, true
	}
	ask, probe := l.due()
	if !ask {
		return 0, true
	}
	wait, err := l.ask(ctx, l.o.Rates[c], l.key(c, client))
	if err != nil {
		l.gone(err)
		return 0, true
	}
	if probe && l.away.Swap(0) != 0 {
		l.o.Log.Info("the server of rate limits is back", "server", l.addr)
	}
	return wait, wait == 0
}

func (l *Limiter) since() int64 { return int64(l.o.Now().Sub(l.born)) }

// due reports whether to ask the server, and whether that is the one request in each Retry that finds out whether it is back.
func (l *Limiter) due() (ask, probe bool) {
	until := l.away.Load()
	if until == 0 {
		return true, false
	}
	now := l.since()
	ask = now >= until && l.away.CompareAndSwap(until, now+int64(l.o.Retry))
	return ask, ask
}

// gone notes that the server failed.
func (l *Limiter) gone(err error) {
	if l.away.Swap(max(1, l.since()+int64(l.o.Retry))) == 0 {
		l.o.Log.Warn("the server of rate limits is away: this process counts alone", "server", l.addr, "error", err)
	}
}

// key is at most some hundred bytes: what is not an address is a name of ours.
func (l *Limiter) key(c limit.Class, client string) string {
	p := limit.Network(client)
	if p.IsValid() {
		client = p.String()
	}
	return l.o.Prefix + strconv.Itoa(int(c)) + ":" + client[:min(len(client), 128)]
}

// take is the script. Times are microseconds of the server's clock. It answers 0 and counts, or how long to wait.
// A time further ahead than the rate allows stems from another rate, or from a clock that was set back.
var take = redis.NewScript(1, `
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local step, room = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = tonumber(redis.call('GET', KEYS[1]) or now) or now
full = math.min(math.max(full, now), now + room + step)
if full - now > room then
	return math.ceil(full - now - room)
end
full = full + step
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil((full - now) / 1000) + 1)
return 0`)

// ask runs the script, once more on a new connection when an old one turns out to be dead.
func (l *Limiter) ask(ctx context.Context, r limit.Rate, key string) (time.Duration, error) {
	// A client that hangs up must not look like a server that fails.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.o.Timeout)
	defer cancel()
	step := float64(r.Step()) / 1e3
	args := []any{key, strconv.FormatFloat(step, 'f', 3, 64), strconv.FormatFloat(step*float64(r.N-1), 'f', 3, 64)}
	wait, err := l.run(ctx, args)
	var answer redis.Error
	if err != nil && !errors.As(err, &answer) && ctx.Err() == nil && !isTimeout(err) {
		l.stale.Store(int64(time.Since(l.start)))
		wait, err = l.run(ctx, args)
	}
	if err != nil {
		return 0, err
	}
	if wait < 0 || wait > math.MaxInt64/1000 {
		return 0, fmt.Errorf("the script answered %d", wait)
	}
	return time.Duration(wait) * time.Microsecond, nil
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

func (l *Limiter) run(ctx context.Context, args []any) (int64, error) {
	conn, err := l.pool.GetContext(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close() // gives it back to the pool, which drops one that failed
	return redis.Int64(take.DoContext(ctx, conn, args...))
}
