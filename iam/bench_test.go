package iam

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// crowd is a file of 100 users with 10 policies each, every second one an AWS document.
func crowd() string {
	var users []string
	for i := range 100 {
		var policies []string
		for k := range 5 {
			policies = append(policies, fmt.Sprintf(`{"bucket":"b%d","actions":["list","read","write"],"prefix":"p%d/"}`, k, i),
				fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":"arn:aws:s3:::c%d/p%d/*"}]}`, k, i))
		}
		users = append(users, account(fmt.Sprint("n", i), fmt.Sprint("KEY", i), strings.Join(policies, ",")))
	}
	return people(users...)
}

func TestLookupAllocatesNothing(t *testing.T) {
	w := newWorld(t, crowd())
	s := w.issue("KEY7", SessionRequest{Duration: time.Hour, Policy: []byte(readOnly)})
	for name, fn := range map[string]func(){
		"known":   func() { w.Lookup("KEY50") },
		"unknown": func() { w.Lookup("nobody") },
		"key":     func() { w.Resolve("KEY50", "") },
		"session": func() { w.Resolve(s.AccessKey, s.Token) },
		"owner":   func() { w.ByCanonical(s.AccessKey) },
	} {
		fn()
		idle := testing.AllocsPerRun(100, func() { w.docs.Get() }) // what looking at the file takes
		if n := testing.AllocsPerRun(100, fn); n > idle {
			t.Errorf("%s: %v allocations, of which the file's are %v", name, n, idle)
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	w := newWorld(b, crowd())
	s := w.issue("KEY7", SessionRequest{Duration: time.Hour, Policy: []byte(readOnly)})
	for name, c := range map[string][2]string{"key": {"KEY50", ""}, "session": {s.AccessKey, s.Token}, "unknown": {"nobody", ""}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w.Resolve(c[0], c[1])
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	w := newWorld(b, crowd())
	text := []byte(crowd())
	for name, again := range map[string]bool{"first": false, "again": true} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, err := codec{}.decode(text)
				if err != nil {
					b.Fatal(err)
				}
				if !again {
					w.compiled = nil
				}
				w.index(f)
			}
		})
	}
}
