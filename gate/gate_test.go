package gate

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"myfsio/fault"
	"myfsio/iam"
)

func TestOps(t *testing.T) {
	names := make([]string, 0, len(ops))
	for i := range ops {
		o := &ops[i]
		names = append(names, o.Name)
		if o.Action == "" || o.Short == "" || !strings.Contains(o.Action, ":") {
			t.Errorf("%s: no action", o.Name)
		}
		if !strings.HasPrefix(o.Log, "REST.") || strings.ToUpper(o.Log) != o.Log {
			t.Errorf("%s: log name %q", o.Name, o.Log)
		}
		if o.VersionAction != "" && o.Scope != Object && o.Name != "DeleteObjects" {
			t.Errorf("%s: only objects have versions", o.Name)
		}
		if o.PerKey != (o.Name == "DeleteObjects" || o.Name == "PostObject") {
			t.Errorf("%s: PerKey is %t", o.Name, o.PerKey)
		}
		if a := o.State.Alias; a != "" {
			if to := Lookup(a); to == nil || to.State.Alias != "" || o.State.Refused() {
				t.Errorf("%s: alias of %q", o.Name, a)
			}
		}
		if o.Mutates && (strings.HasPrefix(o.Log, "REST.GET.") || strings.HasPrefix(o.Log, "REST.HEAD.")) {
			t.Errorf("%s: mutates and is logged as %s", o.Name, o.Log)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(names)) != len(ops) {
		t.Error("ops are not in order of distinct names")
	}
	if len(ops) != 116+4 {
		t.Errorf("%d operations; S3 has 116 and POST forms, we have three for quotas", len(ops))
	}
	if Lookup("GetObject") == nil || Lookup("getobject") != nil {
		t.Error("Lookup")
	}
}

// The list has every operation that AWS's SDKs have, as the newest of their models names them.
func TestOperationsOfSDK(t *testing.T) {
	text, err := os.ReadFile("testdata/sdk_operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(text))
	for _, name := range names {
		if o := Lookup(name); o == nil {
			t.Errorf("%s is not in the list", name)
		} else if !o.OfSDK() {
			t.Errorf("%s is said not to be one of the SDKs'", name)
		}
	}
	for i := range ops {
		if ops[i].OfSDK() && !slices.Contains(names, ops[i].Name) {
			t.Errorf("%s is said to be one of the SDKs'", ops[i].Name)
		}
	}
}

func TestRun(t *testing.T) {
	admin := iam.Principal{UserID: "u", Admin: true}
	limited := func(context.Context, *Request) error { return fault.New(fault.SlowDown, "wait") }
	fails := errors.New("fails")
	for _, tt := range []struct {
		name   string
		gate   Gate
		op     string
		who    iam.Principal
		result error
		want   fault.Kind // of an error, when result is nil and ran is false
		ran    bool
	}{
		{"allowed", Gate{Authorizer: adminOnly{}}, "GetObject", admin, nil, 0, true},
		{"result is passed on", Gate{Authorizer: adminOnly{}}, "GetObject", admin, fails, 0, true},
		{"user", Gate{Authorizer: adminOnly{}}, "GetObject", iam.Principal{UserID: "u"}, nil, fault.AccessDenied, false},
		{"anonymous", Gate{Authorizer: adminOnly{}}, "GetObject", iam.Principal{}, nil, fault.AccessDenied, false},
		{"admin without an id", Gate{Authorizer: adminOnly{}}, "GetObject", iam.Principal{Admin: true}, nil, fault.AccessDenied, false},
		{"no authorizer", Gate{}, "GetObject", admin, nil, fault.AccessDenied, false},
		{"refused", Gate{Authorizer: adminOnly{}}, "GetObjectTorrent", admin, nil, fault.NotImplemented, false},
		{"refused to a stranger", Gate{Authorizer: adminOnly{}}, "GetObjectTorrent", iam.Principal{}, nil, fault.AccessDenied, false},
		{"limited", Gate{Authorizer: adminOnly{}, Hooks: Hooks{Before: limited}}, "GetObject", admin, nil, fault.SlowDown, false},
		{"per key", Gate{Authorizer: adminOnly{}}, "DeleteObjects", iam.Principal{}, nil, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ran, told := false, error(nil)
			tt.gate.Hooks.After = func(_ context.Context, _ *Request, err error) { told = err }
			err := tt.gate.Run(context.Background(), &Request{Op: Lookup(tt.op), Principal: tt.who}, func(context.Context) error {
				ran = true
				return tt.result
			})
			if ran != tt.ran || told != err {
				t.Errorf("ran %t, After was told %v of %v", ran, told, err)
			}
			if tt.ran && err != tt.result || !tt.ran && !fault.Is(err, tt.want) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestAction(t *testing.T) {
	r := Request{Op: Lookup("GetObject")}
	if r.Action() != "s3:GetObject" {
		t.Error(r.Action())
	}
	r.VersionID = "v"
	if r.Action() != "s3:GetObjectVersion" {
		t.Error(r.Action())
	}
	r.Op = Lookup("PutObject")
	if r.Action() != "s3:PutObject" {
		t.Error(r.Action())
	}
}

func TestMarkdown(t *testing.T) {
	var b strings.Builder
	if err := Markdown(&b); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n| ["); n != len(ops) {
		t.Errorf("%d rows of %d", n, len(ops))
	}
}

func TestSight(t *testing.T) {
	one, two := [16]byte{1}, [16]byte{2}
	saw := func(stamps ...[16]byte) (s Sight) {
		for _, stamp := range stamps {
			s.Saw(stamp)
		}
		return s
	}
	for _, tt := range []struct {
		sight    Sight
		one, two bool
	}{
		{saw(), true, true}, {saw(one), true, false}, {saw(one, one), true, false}, {saw(one, two), false, false}, {saw([16]byte{}), false, false},
		{saw(one, [16]byte{}), false, false}, {saw([16]byte{}, one), false, false}, {saw(one).And(Sight{}), true, false}, {Sight{}.And(saw(one)), true, false},
		{saw(one).And(saw(two)), false, false}, {Torn.And(saw(one)), false, false},
	} {
		if tt.sight.Holds(one) != tt.one || tt.sight.Holds(two) != tt.two || tt.sight == Torn != (!tt.one && !tt.two) {
			t.Errorf("%x", tt.sight)
		}
	}
}

// adminOnly lets administrators do everything and nobody else anything.
type adminOnly struct{}

func (adminOnly) Authorize(_ context.Context, r *Request) error {
	if r.Principal.Admin && !r.Anonymous() {
		return nil
	}
	return fault.New(fault.AccessDenied, "Access Denied")
}
