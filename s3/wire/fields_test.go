package wire

import "testing"

func TestRead(t *testing.T) {
	for doc, want := range map[string]bool{
		"<a/>": true, "<a> <n>1</n> <m>x</m><m> y </m> </a>": true, "<a><n> 7 </n><s> s </s><w> w </w></a>": true,
		"<a>text</a>": false, "<a><n>1</n><n>2</n></a>": false, "<a><other/></a>": false, "<a><n>x</n></a>": false, "<a><n>1.0</n></a>": false, "<a><n/></a>": false,
		"<a><s><b/></s></a>": false, "<a><w>w<b/></w></a>": false, "<a><n>1<b/></n></a>": false,
	} {
		root, err := ParseXML([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		var exact, word, many string
		var n *int64
		got := root.Read(Fields{"n": Number(&n), "s": Exact(&exact), "w": Word(&word)}, Fields{"m": func(e *Element) bool { many += e.Text; return true }})
		if got != want {
			t.Errorf("%s: %t", doc, got)
		}
		if root.Child("w") != nil && got && (exact != " s " || word != "w" || *n != 7) {
			t.Errorf("%s: %q %q %d", doc, exact, word, *n)
		}
		if root.Child("m") != nil && many != "x y " {
			t.Errorf("%s: %q", doc, many)
		}
	}
	if got := string(AppendElement(AppendStart(AppendRoot(nil, "a"), "b"), "c", "<")); got != xmlHeader+`<a xmlns="`+Namespace+`"><b><c>&lt;</c>` {
		t.Error(got)
	}
}
