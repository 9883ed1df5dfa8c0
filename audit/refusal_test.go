package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// counts sums the counts of refusals in the file, and of those left out.
func (fx *fixture) counts() (lines int, refused, leftOut int64) {
	fx.t.Helper()
	text, torn := fx.text()
	if torn > 0 {
		fx.t.Fatalf("%d torn lines", torn)
	}
	for l := range strings.Lines(text) {
		var v line
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			fx.t.Fatal(err)
		}
		lines++
		switch v.Kind {
		case kindRefused:
			refused += v.Count
		case kindLeftOut:
			leftOut += v.Count
		}
	}
	return lines, refused, leftOut
}

func TestRefusalsShareLines(t *testing.T) {
	fx := newFixture(t, Options{})
	r := Refusal{"AKIA1", "192.0.2.1", "header", "SignatureDoesNotMatch", "differs"}
	for range 100 {
		fx.log.Refused(r)
	}
	if lines, refused, _ := fx.counts(); lines != 1 || refused != 1 {
		t.Errorf("%d lines, %d refused within a minute", lines, refused)
	}
	fx.advance(30 * time.Second)
	fx.log.Refused(r)
	fx.advance(31 * time.Second)
	fx.log.flush() // what the timer does
	if lines, refused, _ := fx.counts(); lines != 2 || refused != 101 {
		t.Errorf("%d lines, %d refused after a minute", lines, refused)
	}
	text, _ := fx.text()
	if !strings.Contains(text, `"count":100,"since":"2026-01-31T23:00:00.005Z"`) {
		t.Errorf("%s", text)
	}
	for range 5 { // a line a minute while it goes on
		fx.log.Refused(r)
		fx.advance(time.Minute)
	}
	fx.log.flush()
	if lines, refused, _ := fx.counts(); lines != 7 || refused != 106 {
		t.Errorf("%d lines, %d refused after six minutes", lines, refused)
	}
	fx.advance(time.Minute)
	fx.log.flush()
	if len(fx.log.refusals.sorts)+len(fx.log.refusals.networks)+len(fx.log.refusals.order) != 0 {
		t.Error("something is remembered after a quiet minute")
	}
}

func TestSortsOfRefusals(t *testing.T) {
	fx := newFixture(t, Options{})
	for _, r := range []Refusal{{AccessKey: "A", SourceIP: "192.0.2.1", Code: "X"}, {AccessKey: "B", SourceIP: "192.0.2.1", Code: "X"}, {AccessKey: "A", SourceIP: "192.0.2.2", Code: "X"},
		{AccessKey: "A", SourceIP: "192.0.2.1", Code: "Y"}, {AccessKey: "A", SourceIP: "192.0.2.1", Code: "X", Reason: "other"}} {
		fx.log.Refused(r)
	}
	if lines, _, _ := fx.counts(); lines != 4 {
		t.Errorf("%d lines, want 4", lines)
	}
}

// TestOneAddressTriesManyKeys: its noise shares a line and hides nobody else.
func TestOneAddressTriesManyKeys(t *testing.T) {
	fx := newFixture(t, Options{})
	for i := range 10_000 {
		fx.log.Refused(Refusal{AccessKey: fmt.Sprint("K", i), SourceIP: fmt.Sprintf("2001:db8::%x", i), Code: fmt.Sprint("C", i)})
	}
	fx.log.Refused(Refusal{AccessKey: "OTHER", SourceIP: "192.0.2.1", Code: "X"})
	text, _ := fx.text()
	if lines, _, _ := fx.counts(); lines != perNetwork+2 || !strings.Contains(text, "OTHER") || !strings.Contains(text, `"access_key":"*","source_ip":"2001:db8::/64","code":"*"`) {
		t.Errorf("%d lines: %s", lines, text)
	}
	fx.log.Close()
	if _, refused, leftOut := fx.counts(); refused+leftOut != 10_001 {
		t.Errorf("%d refused and %d left out, want 10001 together", refused, leftOut)
	}
}

// TestFlood lets many networks try many keys for ten minutes: few lines, bounded memory, nothing uncounted.
func TestFlood(t *testing.T) {
	fx := newFixture(t, Options{})
	const total = 50_000
	for i := range total {
		fx.log.Refused(Refusal{AccessKey: fmt.Sprint("K", i%5000), SourceIP: fmt.Sprintf("10.0.%d.%d", i/256%256, i%256), Code: "X"})
		fx.advance(12 * time.Millisecond)
		if n := len(fx.log.refusals.sorts); n > maxWindows || len(fx.log.refusals.order) != n {
			t.Fatalf("%d sorts remembered, %d in order", n, len(fx.log.refusals.order))
		}
	}
	lines, _, _ := fx.counts()
	if lines > 11*(perMinute+1) {
		t.Errorf("%d lines in ten minutes", lines)
	}
	fx.log.Close()
	if _, refused, leftOut := fx.counts(); refused+leftOut != total {
		t.Errorf("%d refused and %d left out, want %d together", refused, leftOut, total)
	}
}

// TestFloodDoesNotPushChangesOut floods for four days a log that may hold very little.
func TestFloodDoesNotPushChangesOut(t *testing.T) {
	fx := newFixture(t, Options{MaxBytes: 20_000, MaxTotal: 200_000})
	fx.change("precious")
	for i := range 4 * 24 * 4 {
		for j := range perMinute + 10 {
			fx.log.Refused(Refusal{AccessKey: strings.Repeat("K", 100), SourceIP: fmt.Sprintf("10.%d.%d.1", i%256, j), Code: "X", Reason: strings.Repeat("r", 256)})
		}
		fx.advance(15 * time.Minute)
	}
	if text, _ := fx.text(); !strings.Contains(text, "precious") {
		t.Error("the change is gone")
	}
}

func TestRefusalsAndChangesAtOnce(t *testing.T) {
	fx := newFixture(t, Options{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				fx.log.Refused(Refusal{AccessKey: fmt.Sprint("K", i%3), SourceIP: "192.0.2.1", Code: "X"})
				fx.change(fmt.Sprint("c", g, i))
			}
		})
	}
	wg.Wait()
	fx.log.Close()
	if lines, refused, leftOut := fx.counts(); refused+leftOut != 400 || lines < 400+3 {
		t.Errorf("%d lines, %d refused, %d left out", lines, refused, leftOut)
	}
}
