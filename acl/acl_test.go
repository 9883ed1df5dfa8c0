package acl

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"myfsio/fault"
)

// show writes a list as "who:RIGHT,RIGHT who:RIGHT".
func show(l List) string {
	var out []string
	for _, g := range l.Grants {
		who := g.Grantee.ID
		if g.Grantee.Group != None {
			who = "<" + g.Grantee.Group.URI()[strings.LastIndex(g.Grantee.Group.URI(), "/")+1:] + ">"
		}
		out = append(out, who+":"+g.Permission.String())
	}
	return strings.Join(out, " ")
}

func TestCanned(t *testing.T) {
	for _, tc := range []struct {
		name, owner, bucketOwner, want string
		unknown                        bool
	}{
		{"private", "a", "a", "", false},
		{"private", "a", "b", "", false},
		{"public-read", "a", "a", "a:FULL_CONTROL <AllUsers>:READ", false},
		{"public-read-write", "a", "a", "a:FULL_CONTROL <AllUsers>:READ,WRITE", false},
		{"authenticated-read", "a", "b", "a:FULL_CONTROL <AuthenticatedUsers>:READ", false},
		{"bucket-owner-read", "a", "b", "a:FULL_CONTROL b:READ", false},
		{"bucket-owner-read", "a", "a", "", false},
		{"bucket-owner-full-control", "a", "b", "a:FULL_CONTROL b:FULL_CONTROL", false},
		{"bucket-owner-full-control", "a", "a", "", false},
		{"log-delivery-write", "a", "a", "a:FULL_CONTROL <LogDelivery>:WRITE,READ_ACP", false},
		{"aws-exec-read", "a", "a", "", true},
		{"", "a", "a", "", true},
		{"Private", "a", "a", "", true},
	} {
		l, ok := Canned(tc.name, tc.owner, tc.bucketOwner)
		if got := show(l); ok == tc.unknown || got != tc.want || l.Check() != nil {
			t.Errorf("%q of %s in a bucket of %s: %q, %v; want %q", tc.name, tc.owner, tc.bucketOwner, got, ok, tc.want)
		}
		if l.Default() && l.Grants != nil {
			t.Errorf("%q: the default list is not the zero one", tc.name)
		}
	}
}

func user(id string, p Permission) Grant { return Grant{Grantee{ID: id}, p} }
func group(g Group, p Permission) Grant  { return Grant{Grantee{Group: g}, p} }
func list(grants ...Grant) List          { return List{grants} }
func repeat(n int, f func(i int) Grant) (l List) {
	for i := range n {
		l.Grants = append(l.Grants, f(i))
	}
	return l
}

func TestAllows(t *testing.T) {
	public := list(group(AllUsers, Read), group(Authenticated, Write), user("a", ReadACP), user("a", WriteACP))
	for _, tc := range []struct {
		list   List
		id     string
		want   Permission
		ignore bool
		allows bool
	}{
		{List{}, "a", Read, false, false},
		{public, "", Read, false, true},
		{public, "", Read, true, false},
		{public, "", Write, false, false},
		{public, "b", Write, false, true},
		{public, "b", Read | Write, false, true},
		{public, "b", Write, true, false},
		{public, "b", ReadACP, false, false},
		{public, "a", ReadACP | WriteACP, false, true},
		{public, "a", ReadACP | WriteACP, true, true},
		{public, "a", FullControl, false, true},
		{public, "a", FullControl, true, false},
		{public, "a", 0, false, false},
		{list(user("", FullControl)), "", Read, false, false}, // an anonymous one is not the user without id
		{list(group(LogDelivery, FullControl)), "a", Write, false, false},
		{list(group(77, FullControl)), "a", Write, false, false},
		{list(Grant{Grantee{ID: "a", Group: LogDelivery}, Read}), "a", Read, false, false},
	} {
		if got := tc.list.Allows(tc.id, tc.id != "", tc.want, tc.ignore); got != tc.allows {
			t.Errorf("%v allows %q %s (ignoring public %v): %v", tc.list, tc.id, tc.want, tc.ignore, got)
		}
	}
}

func TestPublic(t *testing.T) {
	for _, tc := range []struct {
		list List
		want bool
	}{
		{List{}, false}, {list(user("a", FullControl)), false}, {list(group(LogDelivery, Write)), false},
		{list(user("a", Read), group(AllUsers, WriteACP)), true}, {list(group(Authenticated, Read)), true},
	} {
		if tc.list.Public() != tc.want {
			t.Errorf("%v is public: %v", tc.list, !tc.want)
		}
	}
}

func TestNormal(t *testing.T) {
	for _, tc := range []struct {
		list List
		want string
	}{
		{List{}, ""},
		{List{[]Grant{}}, ""},
		{list(user("o", FullControl)), ""},
		{list(user("a", FullControl)), "a:FULL_CONTROL"},
		{list(user("o", Read), user("o", Write), user("o", ReadACP), user("o", WriteACP)), ""},
		{list(user("o", Read)), "o:READ"},
		{list(user("b", Read), user("a", Write), user("b", Write), user("b", Read)), "b:READ,WRITE a:WRITE"},
		{list(user("b", 0)), ""},
		{list(group(AllUsers, Read), group(Authenticated, Read), group(AllUsers, Read)), "<AllUsers>:READ <AuthenticatedUsers>:READ"},
		{repeat(100, func(i int) Grant { return user(fmt.Sprint(i%2), Permission(1+i%3)) }), "0:READ,WRITE 1:READ,WRITE"},
	} {
		before := show(tc.list)
		got := tc.list.Normal("o")
		if show(got) != tc.want || show(tc.list) != before {
			t.Errorf("%s becomes %q, want %q", before, show(got), tc.want)
		}
		if again := got.Normal("o"); !reflect.DeepEqual(again, got) {
			t.Errorf("%q twice: %q", show(got), show(again))
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		list List
		ok   bool
	}{
		{List{}, true},
		{repeat(100, func(i int) Grant { return user(fmt.Sprint(i), FullControl) }), true},
		{repeat(101, func(i int) Grant { return user("a", FullControl) }), false},
		{repeat(50, func(i int) Grant { return user(fmt.Sprint(i), Read|Write) }), true},
		{repeat(51, func(i int) Grant { return user(fmt.Sprint(i), Read|Write) }), false},
		{list(user("", Read)), false},
		{list(user("a", 0)), false},
		{list(user("a", 16)), false},
		{list(user(strings.Repeat("a", 256), Read)), true},
		{list(user(strings.Repeat("a", 257), Read)), false},
		{list(group(LogDelivery, Read)), true},
		{list(group(LogDelivery+1, Read)), false},
		{list(Grant{Grantee{"a", AllUsers}, Read}), false},
	} {
		if err := tc.list.Check(); (err == nil) != tc.ok || err != nil && !fault.Is(err, fault.InvalidArgument) {
			t.Errorf("%.80v: error %v", tc.list, err)
		}
	}
}

func TestNames(t *testing.T) {
	for p := range FullControl + 1 {
		var sum Permission
		for _, n := range p.Names() {
			q, ok := ParsePermission(n)
			if !ok {
				t.Errorf("%q is no right", n)
			}
			sum |= q
		}
		if sum != p {
			t.Errorf("%s is %d, not %d", p, sum, p)
		}
	}
	for _, bad := range []string{"", "read", "READ,WRITE", "FULL"} {
		if _, ok := ParsePermission(bad); ok {
			t.Errorf("%q is a right", bad)
		}
	}
	for g := None; g < LogDelivery+2; g++ {
		got, ok := ParseGroup(g.URI())
		if want := g > None && g <= LogDelivery; ok != want || ok && got != g {
			t.Errorf("group %d: %q", g, g.URI())
		}
	}
}

// FuzzDecode: what is not a list is refused, and what is one is written and read again as the same.
func FuzzDecode(f *testing.F) {
	f.Add(list(user("a", FullControl), group(AllUsers, Read)).Append(nil))
	f.Add(list(group(200, Read)).Append(nil))
	f.Add([]byte{})
	f.Add([]byte{0x0a, 0x02, 0x18, 0x01, 0x78, 0x01}) // a field of a newer program behind
	f.Add([]byte{0x0a, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Decode(b)
		if err != nil {
			return
		}
		raw := l.Append(nil)
		again, err := Decode(raw)
		if err != nil || !reflect.DeepEqual(l, again) || l.Default() != (len(raw) == 0) {
			t.Errorf("%v, then %v, error %v", l, again, err)
		}
		if n := l.Normal("a"); len(n.Grants) > MaxGrants {
			t.Errorf("%d grants", len(n.Grants))
		}
	})
}

func TestDecodeDamaged(t *testing.T) {
	for name, b := range map[string][]byte{
		"cut":             {0x0a, 0x05, 0x18},
		"wild right":      {0x0a, 0x02, 0x18, 0x10},
		"large number":    {0x0a, 0x03, 0x10, 0xff, 0x7f},
		"no field":        {0xff},
		"too many grants": repeat(101, func(i int) Grant { return user("a", Read) }).Append(nil),
	} {
		if l, err := Decode(b); err == nil {
			t.Errorf("%s: %v", name, l)
		}
	}
}

func TestAllocations(t *testing.T) {
	l := list(user("o", FullControl), group(AllUsers, Read))
	if n := testing.AllocsPerRun(100, func() {
		l.Allows("x", true, Read, false)
		l.Public()
		l.Normal("o")
		_ = l.Check()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
