package jsondoc

import "testing"

type pet struct {
	Name string
	Legs int `json:",omitempty"`
}

func TestDecode(t *testing.T) {
	for doc, ok := range map[string]bool{
		`{"Name":"Tom","Legs":4}`: true, " {}\n": true, `{"name":"Tom"}`: true, `null`: true,
		``: false, `{`: false, `[]`: false, `{} {}`: false, `{}]`: false, `{},`: false, `{"Name":"Tom","Tail":1}`: false, `{"Legs":"4"}`: false, "{}\x00": false,
	} {
		if err := Decode([]byte(doc), new(pet)); (err == nil) != ok {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestEncode(t *testing.T) {
	if b := MustEncode(pet{Name: "<Tom & \"Co\">"}); string(b) != `{"Name":"<Tom & \"Co\">"}` {
		t.Errorf("%s", b)
	}
	if _, err := Encode(func() {}); err == nil {
		t.Error("a function can be written")
	}
}
