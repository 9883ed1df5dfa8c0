package wire

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"testing"
)

const selectXML = `<?xml version="1.0"?><SelectObjectContentRequest xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
 <Expression>Select * from S3Object where a &lt; 1</Expression><ExpressionType> SQL </ExpressionType>
 <RequestProgress><Enabled>true</Enabled></RequestProgress>
 <InputSerialization><CompressionType>GZIP</CompressionType><CSV><FileHeaderInfo>USE</FileHeaderInfo><Comments>#</Comments>
  <QuoteEscapeCharacter>\</QuoteEscapeCharacter><RecordDelimiter>&#10;</RecordDelimiter><FieldDelimiter>&#9;</FieldDelimiter>
  <QuoteCharacter>"</QuoteCharacter><AllowQuotedRecordDelimiter>FALSE</AllowQuotedRecordDelimiter></CSV></InputSerialization>
 <OutputSerialization><CSV><QuoteFields>ALWAYS</QuoteFields><FieldDelimiter> </FieldDelimiter></CSV></OutputSerialization>
 <ScanRange><Start>5</Start><End>10</End></ScanRange>
</SelectObjectContentRequest>`

const selectJSON = `{"Expression":"Select * from S3Object where a < 1","ExpressionType":"SQL","RequestProgress":{"Enabled":true},
 "InputSerialization":{"CompressionType":"GZIP","CSV":{"FileHeaderInfo":"USE","Comments":"#","QuoteEscapeCharacter":"\\","RecordDelimiter":"\n",
 "FieldDelimiter":"\t","QuoteCharacter":"\"","AllowQuotedRecordDelimiter":false}},
 "OutputSerialization":{"CSV":{"QuoteFields":"ALWAYS","FieldDelimiter":" "}},"ScanRange":{"Start":5,"End":10}}`

func TestSelectInBothForms(t *testing.T) {
	x, err := ParseSelectXML([]byte(selectXML))
	if err != nil {
		t.Fatal(err)
	}
	j, err := ParseSelectJSON([]byte(selectJSON))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(x, j) || *x.ScanRange.End != 10 || x.Input.CSV.FieldDelimiter != "\t" {
		t.Errorf("%+v\n%+v", x, j)
	}
	for _, bad := range []string{``, `<a/>`, `<SelectObjectContentRequest><ScanRange><Start>x</Start></ScanRange></SelectObjectContentRequest>`,
		`<SelectObjectContentRequest><RequestProgress><Enabled>maybe</Enabled></RequestProgress></SelectObjectContentRequest>`} {
		if _, err := ParseSelectXML([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, bad := range []string{``, `[]`, `{"Expresion":""}`, `{"ScanRange":{"Start":"x"}}`, `{} {}`} {
		if _, err := ParseSelectJSON([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzSelectXML(f *testing.F) {
	f.Add([]byte(selectXML))
	f.Fuzz(func(_ *testing.T, doc []byte) { ParseSelectXML(doc) })
}

// TestEventStreamBytes holds a message against the bytes that the documentation of AWS describes. The decoder of AWS's SDK reads
// them in package s3.
func TestEventStreamBytes(t *testing.T) {
	b := AppendRecords([]byte("before"), []byte("1,2\n"))[6:]
	if n := binary.BigEndian.Uint32(b); int(n) != len(b) {
		t.Errorf("length %d of %d", n, len(b))
	}
	head := int(binary.BigEndian.Uint32(b[4:]))
	if crc32.ChecksumIEEE(b[:8]) != binary.BigEndian.Uint32(b[8:]) || crc32.ChecksumIEEE(b[:len(b)-4]) != binary.BigEndian.Uint32(b[len(b)-4:]) {
		t.Error("wrong sums")
	}
	want := "\x0b:event-type\x07\x00\x07Records\x0d:content-type\x07\x00\x18application/octet-stream\x0d:message-type\x07\x00\x05event"
	if got := string(b[12 : 12+head]); got != want || string(b[12+head:len(b)-4]) != "1,2\n" {
		t.Errorf("%q", b)
	}
	if e := AppendEventError(nil, "Code", "message"); !bytes.Contains(e, []byte("\x0b:error-code\x07\x00\x04Code\x0e:error-message\x07\x00\x07message\x0d:message-type\x07\x00\x05error")) {
		t.Errorf("%q", e)
	}
}
