package lifecycle

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func compiled(t testing.TB, doc string) *Rules {
	t.Helper()
	c, err := ParseXML([]byte(doc))
	if err != nil {
		t.Fatal(doc, err)
	}
	return Compile(c)
}

// TestCurrent has the examples of AWS's pages and the traps that rules have fallen into.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
func TestCurrent(t *testing.T) {
	const (
		days   = `<Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>3</Days></Expiration>`
		date   = all + `<Expiration><Date>2026-01-10T00:00:00Z</Date></Expiration>`
		tagged = `<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>` + expire
		both   = `<Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag><Tag><Key>c</Key><Value/></Tag></And></Filter>` + expire
		sizes  = `<Filter><And><ObjectSizeGreaterThan>500</ObjectSizeGreaterThan><ObjectSizeLessThan>64000</ObjectSizeLessThan></And></Filter>` + expire
		marker = all + `<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`
		off    = all + `<Expiration><ExpiredObjectDeleteMarker>false</ExpiredObjectDeleteMarker></Expiration>`
		old    = all + `<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration>`
	)
	a, c, ab := Tag{"a", "b"}, Tag{"c", ""}, Tag{"a", "x"}
	o := func(key string, size int64, tags ...Tag) Object {
		return Object{Key: key, Size: size, Tags: tags, Modified: at(t, "2026-01-15 10:30:00")}
	}
	gone := Object{Key: "logs/x", Marker: true, Modified: at(t, "2026-01-15 10:30:00")}
	for i, tt := range []struct {
		rule  string
		o     Object
		alone bool
		now   string
		due   bool
	}{
		{days, o("logs/x", 1), false, "2026-01-18 23:59:59", false}, {days, o("logs/x", 1), false, "2026-01-19 00:00:00", true}, // the example of AWS
		{days, o("log", 1), false, "2030-01-01 00:00:00", false}, {days, o("xlogs/", 1), false, "2030-01-01 00:00:00", false},
		{days, Object{Key: "logs/", Modified: at(t, "2026-01-15 00:00:00")}, false, "2026-01-18 23:59:59", false}, // a whole day more, never less
		{days, Object{Key: "logs/", Modified: at(t, "2026-01-15 23:59:59").Add(999999999)}, false, "2026-01-19 00:00:00", true},
		{date, o("k", 1), false, "2026-01-15 11:00:00", true}, {date, o("k", 1), false, "2026-01-09 23:59:59", false}, {date, o("k", 1), false, "2026-01-10 00:00:00", true},
		{strings.Replace(date, "2026", "2036", 1), o("k", 1), false, "2026-02-01 00:00:00", false}, // a date to come ends nothing now
		{tagged, o("k", 1, a), false, "2030-01-01 00:00:00", true}, {tagged, o("k", 1), false, "2030-01-01 00:00:00", false}, {tagged, o("k", 1, ab), false, "2030-01-01 00:00:00", false},
		{tagged, o("k", 1, c, a), false, "2030-01-01 00:00:00", true},
		{both, o("logs/k", 1, a, c), false, "2030-01-01 00:00:00", true}, {both, o("k", 1, a, c), false, "2030-01-01 00:00:00", false}, {both, o("logs/k", 1, a), false, "2030-01-01 00:00:00", false},
		{sizes, o("k", 500), false, "2030-01-01 00:00:00", false}, {sizes, o("k", 501), false, "2030-01-01 00:00:00", true}, {sizes, o("k", 63999), false, "2030-01-01 00:00:00", true}, {sizes, o("k", 64000), false, "2030-01-01 00:00:00", false},
		{marker, o("k", 1), true, "2030-01-01 00:00:00", false}, {marker, gone, true, "2026-01-15 10:30:01", true}, {marker, gone, false, "2030-01-01 00:00:00", false}, {off, gone, true, "2030-01-01 00:00:00", false},
		{days, gone, true, "2026-01-18 23:59:59", false}, {days, gone, true, "2026-01-19 00:00:00", true}, {days, gone, false, "2030-01-01 00:00:00", false},
		{tagged, gone, true, "2030-01-01 00:00:00", false}, {sizes, gone, true, "2030-01-01 00:00:00", false}, {old, o("k", 1), true, "2030-01-01 00:00:00", false}, {old, gone, true, "2030-01-01 00:00:00", false},
	} {
		rs := compiled(t, enabled(tt.rule))
		rule, due := rs.Current(&tt.o, tt.alone, at(t, tt.now))
		if due != tt.due || due && rule != "r" {
			t.Errorf("%d: %s %+v at %s: %s %t", i, tt.rule, tt.o, tt.now, rule, due)
		}
		off := compiled(t, strings.Replace(enabled(tt.rule), ">Enabled<", ">Disabled<", 1))
		if _, due := off.Current(&tt.o, tt.alone, at(t, tt.now)); due {
			t.Errorf("%d: a disabled rule acts", i)
		}
	}
}

func TestNoncurrent(t *testing.T) {
	const (
		plain = all + `<NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays></NoncurrentVersionExpiration>`
		keep  = all + `<NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>`
		sized = `<Filter><ObjectSizeGreaterThan>10</ObjectSizeGreaterThan></Filter><NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays></NoncurrentVersionExpiration>`
	)
	v := Object{Key: "k", Size: 5, Modified: at(t, "2020-01-01 00:00:00")}
	marker := v
	marker.Marker = true
	for _, tt := range []struct {
		rule  string
		o     Object
		since string
		newer int64
		now   string
		due   bool
	}{
		{plain, v, "2026-01-01 10:30:00", 0, "2026-01-06 23:59:59", false}, {plain, v, "2026-01-01 10:30:00", 0, "2026-01-07 00:00:00", true}, // the example of AWS
		{plain, marker, "2026-01-01 10:30:00", 0, "2026-01-07 00:00:00", true},
		{keep, v, "2026-01-01 10:30:00", 1, "2030-01-01 00:00:00", false}, {keep, v, "2026-01-01 10:30:00", 2, "2026-01-07 00:00:00", true}, {keep, v, "2026-01-01 10:30:00", 9, "2026-01-06 00:00:00", false},
		{sized, v, "2026-01-01 10:30:00", 0, "2030-01-01 00:00:00", false}, {sized, marker, "2026-01-01 10:30:00", 0, "2030-01-01 00:00:00", false},
		{all + expire, v, "2026-01-01 10:30:00", 0, "2030-01-01 00:00:00", false},
	} {
		if rule, due := compiled(t, enabled(tt.rule)).Noncurrent(&tt.o, at(t, tt.since), tt.newer, at(t, tt.now)); due != tt.due || due && rule != "r" {
			t.Errorf("%+v: %t", tt, due)
		}
	}
}

func TestExpiry(t *testing.T) {
	rs := compiled(t, document(`<Rule><ID>late</ID><Status>Enabled</Status><Filter/><Expiration><Days>30</Days></Expiration></Rule>
		<Rule><ID>early</ID><Status>Enabled</Status><Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>2</Days></Expiration></Rule>
		<Rule><ID>same</ID><Status>Enabled</Status><Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>2</Days></Expiration></Rule>
		<Rule><ID>dated</ID><Status>Enabled</Status><Filter><Prefix>d/</Prefix></Filter><Expiration><Date>2026-01-05</Date></Expiration></Rule>
		<Rule><ID>off</ID><Status>Disabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule>
		<Rule><ID>up</ID><Status>Enabled</Status><Filter><Prefix>tmp/</Prefix></Filter><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>`))
	for key, want := range map[string]string{"k": "2026-02-01 late", "tmp/k": "2026-01-04 early", "d/k": "2026-01-05 dated"} {
		o := Object{Key: key, Modified: at(t, "2026-01-01 12:00:00")}
		when, rule, ok := rs.Expiry(&o)
		if got := when.Format(time.DateOnly) + " " + rule; !ok || got != want || when.Location() != time.UTC {
			t.Errorf("%s: %s", key, got)
		}
		if o.Marker = true; key == "k" {
			if _, _, ok := rs.Expiry(&o); ok {
				t.Error("a delete marker tells when it expires")
			}
		}
	}
	if when, rule, ok := rs.AbortDate("tmp/k", at(t, "2026-01-01 12:00:00")); !ok || rule != "up" || when != at(t, "2026-01-03 00:00:00") {
		t.Error(when, rule, ok)
	}
	if _, _, ok := rs.AbortDate("k", at(t, "2026-01-01 12:00:00")); ok {
		t.Error("an upload of no rule is given up")
	}
	if w, want := rs.Work(), (Work{Current: []string{""}, Versions: []string{""}, Uploads: []string{"tmp/"}}); !reflect.DeepEqual(w, want) {
		t.Errorf("%+v", w)
	}
	var none *Rules
	if _, _, ok := none.Expiry(&Object{}); ok || none.Tagged() || !reflect.DeepEqual(none.Work(), Work{}) {
		t.Error("no rules say something")
	}
	if _, due := none.Current(&Object{Marker: true}, true, time.Now()); due {
		t.Error("no rules remove a marker")
	}
}

func TestCover(t *testing.T) {
	for _, tt := range [][2]string{{"", ""}, {"a,b,a/b", "a,b"}, {"b/,a,b/c,b", "a,b"}, {"ab,abc,a-,abd", "a-,ab"}} {
		var in []string
		if tt[0] != "" {
			in = strings.Split(tt[0], ",")
		}
		if got := strings.Join(cover(in), ","); got != tt[1] {
			t.Errorf("%s: %s", tt[0], got)
		}
	}
	if got := cover([]string{"a", "", "b"}); len(got) != 1 || got[0] != "" {
		t.Error(got)
	}
}

// TestAfter: the end of a day is found for any time, also before 1970.
func TestAfter(t *testing.T) {
	for in, want := range map[string]string{"1969-12-31 12:00:00": "1970-01-02", "1970-01-01 00:00:00": "1970-01-03", "1969-12-31 00:00:00": "1970-01-02", "2024-02-28 23:00:00": "2024-03-01"} {
		if got := after(at(t, in), 1).Format(time.DateOnly); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	if got := after(at(t, "2026-01-01 00:00:00"), maxDays); got.Year() < 5_000_000 {
		t.Error(got)
	}
}

// naive decides from the document itself, slowly and in other words.
type naive struct{ c *Config }

func (n naive) fits(r *Rule, o *Object) bool {
	var prefixes []string
	var tags []Tag
	var more, less []*int64
	add := func(p *string, ts []Tag, m, l *int64) {
		if p != nil {
			prefixes = append(prefixes, *p)
		}
		tags = append(tags, ts...)
		more, less = append(more, m), append(less, l)
	}
	add(r.Prefix, nil, nil, nil)
	if f := r.Filter; f != nil {
		add(f.Prefix, nil, f.ObjectSizeGreaterThan, f.ObjectSizeLessThan)
		if f.Tag != nil {
			tags = append(tags, *f.Tag)
		}
		if f.And != nil {
			add(f.And.Prefix, f.And.Tags, f.And.ObjectSizeGreaterThan, f.And.ObjectSizeLessThan)
		}
	}
	for _, p := range prefixes {
		if len(o.Key) < len(p) || o.Key[:len(p)] != p {
			return false
		}
	}
	for _, want := range tags {
		if o.Marker || !slices.Contains(o.Tags, want) {
			return false
		}
	}
	for _, m := range more {
		if m != nil && (o.Marker || o.Size <= *m) {
			return false
		}
	}
	for _, l := range less {
		if l != nil && (o.Marker || o.Size >= *l) {
			return false
		}
	}
	return true
}

// midnight walks day by day.
func midnight(t time.Time, days int64) time.Time {
	t = t.UTC()
	d := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	for range days + 1 {
		d = d.AddDate(0, 0, 1)
	}
	return d
}

func (n naive) current(o *Object, alone bool, now time.Time) bool {
	for i := range n.c.Rules {
		r := &n.c.Rules[i]
		e := r.Expiration
		if r.Status != "Enabled" || e == nil || !n.fits(r, o) || o.Marker && !alone {
			continue
		}
		switch {
		case e.Days != nil && !now.Before(midnight(o.Modified, *e.Days)), e.Date != nil && !now.Before(e.Date.Time),
			e.ExpiredObjectDeleteMarker != nil && *e.ExpiredObjectDeleteMarker && o.Marker:
			return true
		}
	}
	return false
}

func (n naive) noncurrent(o *Object, since time.Time, newer int64, now time.Time) bool {
	for i := range n.c.Rules {
		r := &n.c.Rules[i]
		x := r.NoncurrentVersionExpiration
		if r.Status != "Enabled" || x == nil || !n.fits(r, o) {
			continue
		}
		if !now.Before(midnight(since, *x.NoncurrentDays)) && (x.NewerNoncurrentVersions == nil || newer >= *x.NewerNoncurrentVersions) {
			return true
		}
	}
	return false
}

func randomRule(rnd *rand.Rand, id int) string {
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	filter := pick(`<Filter/>`, `<Prefix/>`, `<Prefix>a</Prefix>`, `<Filter><Prefix>a/b</Prefix></Filter>`, `<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>`,
		`<Filter><And><Prefix>a</Prefix><Tag><Key>k</Key><Value>v</Value></Tag><Tag><Key>l</Key><Value/></Tag></And></Filter>`, `<Filter><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></Filter>`,
		`<Filter><And><Tag><Key>l</Key><Value/></Tag><ObjectSizeLessThan>6</ObjectSizeLessThan></And></Filter>`)
	action := pick(`<Expiration><Days>%d</Days></Expiration>`, `<Expiration><Date>2026-01-0%d</Date></Expiration>`, `<NoncurrentVersionExpiration><NoncurrentDays>%d</NoncurrentDays></NoncurrentVersionExpiration>`,
		`<Expiration><Days>%d</Days></Expiration><NoncurrentVersionExpiration><NoncurrentDays>2</NoncurrentDays></NoncurrentVersionExpiration>`)
	action = fmt.Sprintf(action, 1+rnd.IntN(5))
	if strings.Contains(filter, "Prefix>") && !strings.Contains(filter, "Tag") || filter == `<Filter/>` {
		if rnd.IntN(3) == 0 {
			action = `<Expiration><ExpiredObjectDeleteMarker>` + pick("true", "false") + `</ExpiredObjectDeleteMarker></Expiration>`
		}
	}
	if !strings.HasPrefix(filter, `<Prefix`) && rnd.IntN(3) == 0 {
		action = `<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>`
	}
	return fmt.Sprintf(`<Rule><ID>%d</ID><Status>%s</Status>%s%s</Rule>`, id, pick("Enabled", "Enabled", "Disabled"), filter, action)
}

// TestAgainstNaive compares the rules with a slow and plain reading of the document.
func TestAgainstNaive(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	base := at(t, "2026-01-01 00:00:00")
	due := 0
	for range 3000 {
		var doc string
		for i := range 1 + rnd.IntN(3) {
			doc += randomRule(rnd, i)
		}
		c, err := ParseXML([]byte(document(doc)))
		if err != nil {
			t.Fatal(doc, err)
		}
		rs, slow := Compile(c), naive{c}
		for range 20 {
			o := Object{Key: []string{"a", "a/b", "a/bc", "b", ""}[rnd.IntN(5)], Size: rnd.Int64N(10), Marker: rnd.IntN(4) == 0, Modified: base.Add(time.Duration(rnd.Int64N(5*86400)) * time.Second)}
			if !o.Marker {
				o.Tags = [][]Tag{nil, {{"k", "v"}}, {{"k", "v"}, {"l", ""}}, {{"l", ""}}, {{"k", ""}}}[rnd.IntN(5)]
			}
			now := base.Add(time.Duration(rnd.Int64N(12*86400)) * time.Second)
			if rnd.IntN(2) == 0 {
				now = now.Truncate(24 * time.Hour)
			}
			alone, newer := rnd.IntN(2) == 0, rnd.Int64N(4)
			_, got := rs.Current(&o, alone, now)
			if want := slow.current(&o, alone, now); got != want {
				t.Fatalf("%s\n%+v alone %t at %s: %t", doc, o, alone, now, got)
			}
			_, old := rs.Noncurrent(&o, o.Modified, newer, now)
			if want := slow.noncurrent(&o, o.Modified, newer, now); old != want {
				t.Fatalf("%s\n%+v newer %d at %s: %t", doc, o, newer, now, old)
			}
			if got || old {
				due++
			}
			w := rs.Work()
			covered := func(prefixes []string) bool {
				return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(o.Key, p) })
			}
			if got && !o.Marker && !covered(w.Current) || (old || got) && !covered(w.Versions) {
				t.Fatalf("%s: %+v is outside %+v", doc, o, w)
			}
		}
	}
	if due < 1000 {
		t.Error("too few cases:", due)
	}
}

// FuzzParse: a document that is taken survives both forms, and nothing is due before the day after it was written.
func FuzzParse(f *testing.F) {
	f.Add([]byte(enabled(all + expire)))
	f.Add([]byte(enabled(`<Filter><And><Prefix>a</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter><Expiration><Date>2030-01-01</Date></Expiration>`)))
	f.Add([]byte(`{"Rules":[{"ID":"a","Status":"Enabled","Filter":{"Prefix":"logs/"},"Expiration":{"Days":30}}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, parse := range []func([]byte) (*Config, error){ParseXML, ParseJSON} {
			c, err := parse(doc)
			if err != nil {
				continue
			}
			j, err := ParseJSON(c.JSON())
			if err != nil || len(j.Rules) != len(c.Rules) {
				t.Fatalf("%s: %v", c.JSON(), err)
			}
			o := Object{Key: "a/b", Size: 7, Modified: time.Now()}
			if when, _, ok := Compile(c).Expiry(&o); ok && when.Before(time.Now()) && !strings.Contains(string(c.JSON()), `"Date"`) {
				t.Fatalf("%s: %s", c.JSON(), when)
			}
		}
	})
}

func BenchmarkExpiry(b *testing.B) {
	rs := compiled(b, document(many(1000)))
	o := Object{Key: "a/b", Size: 7, Modified: at(b, "2026-01-01 00:00:00")}
	b.ReportAllocs()
	for b.Loop() {
		rs.Expiry(&o)
	}
}
