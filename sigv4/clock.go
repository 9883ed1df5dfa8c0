package sigv4

import "time"

// Clock says which times of signatures are taken. The zero value of a field means its default.
type Clock struct {
	Skew      time.Duration    // how far a clock may be off; default 15 minutes
	MaxExpiry time.Duration    // of a signed URL: how far away its end may be; default and limit 7 days
	Now       func() time.Time // default time.Now
}

const week = 7 * 24 * time.Hour

// Time is the time now.
func (c *Clock) Time() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// InTime reports whether a clock that says t is not further off than Skew.
func (c *Clock) InTime(t time.Time) bool {
	d := c.Time().Sub(t)
	return d <= c.skew() && d >= -c.skew()
}

// Longest is MaxExpiry, or what is in its place.
func (c *Clock) Longest() time.Duration {
	if c.MaxExpiry <= 0 || c.MaxExpiry > week {
		return week
	}
	return c.MaxExpiry
}

func (c *Clock) skew() time.Duration {
	if c.Skew == 0 {
		return 15 * time.Minute
	}
	return c.Skew
}
