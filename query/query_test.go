package query

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"myfsio/fault"
)

func TestComplete(t *testing.T) {
	csv := Input{Format: CSV}
	for _, c := range []struct {
		q    Query
		code string
	}{
		{Query{Expression: "x", In: csv}, ""},
		{Query{In: csv}, "MissingRequiredParameter"},
		{Query{Expression: strings.Repeat("x", MaxExpression+1)}, "ExpressionTooLong"},
		{Query{Expression: strings.Repeat("x", MaxExpression)}, ""},
		{Query{Expression: "\xff"}, "InvalidTextEncoding"},
		{Query{Expression: "x", In: Input{Format: Parquet, Compression: Gzip}}, "InvalidCompressionFormat"},
		{Query{Expression: "x", In: Input{CSV: CSVInput{Field: "ab"}}}, "InvalidRequestParameter"},
		{Query{Expression: "x", In: Input{CSV: CSVInput{Field: "é", Record: "\r\n", Quote: "'", Escape: "\\", Comment: "#"}}}, ""},
		{Query{Expression: "x", In: Input{CSV: CSVInput{Field: "\xff"}}}, "InvalidRequestParameter"},
		{Query{Expression: "x", In: Input{CSV: CSVInput{Field: "\n"}}}, "InvalidRequestParameter"},
		{Query{Expression: "x", In: Input{CSV: CSVInput{Comment: "##"}}}, "InvalidRequestParameter"},
		{Query{Expression: "x", Out: Output{Format: Parquet}}, "InvalidRequestParameter"},
		{Query{Expression: "x", Out: Output{Quote: "ab"}}, "InvalidRequestParameter"},
		{Query{Expression: "x", Scan: &Scan{0, 5}}, ""},
		{Query{Expression: "x", Scan: &Scan{6, 5}}, "InvalidScanRange"},
		{Query{Expression: "x", Scan: &Scan{-1, -1}}, "InvalidScanRange"},
		{Query{Expression: "x", Scan: &Scan{0, 5}, In: Input{Format: JSON, Document: true}}, "UnsupportedScanRangeInput"},
	} {
		err := c.q.Complete()
		var fe *fault.Error
		errors.As(err, &fe)
		if err != nil && (fe == nil || fe.Code != c.code) || err == nil && c.code != "" {
			t.Errorf("%+v: %v, want %s", c.q, err, c.code)
		}
	}
}

func TestFrames(t *testing.T) {
	var b bytes.Buffer
	for i := range 5 {
		if err := WriteFrame(&b, Records, bytes.Repeat([]byte{'x'}, i*1000)); err != nil {
			t.Fatal(err)
		}
	}
	whole := b.String()
	r := bufio.NewReader(&b)
	var buf []byte
	for i := range 5 {
		k, p, err := ReadFrame(r, buf)
		if k != Records || len(p) != i*1000 || err != nil {
			t.Fatal(k, len(p), err)
		}
		buf = p
	}
	if _, _, err := ReadFrame(r, nil); err != io.EOF {
		t.Error(err)
	}
	if _, _, err := ReadFrame(bufio.NewReader(strings.NewReader(whole[:len(whole)-1][8000:])), nil); err == nil {
		t.Error("half a message is read")
	}
	if _, _, err := ReadFrame(bufio.NewReader(strings.NewReader("D\xff\xff\xff\xff")), nil); err == nil || err == io.ErrUnexpectedEOF {
		t.Error("a message of 4 GiB is read:", err)
	}
	s := Stats{1, 1 << 40, 3}
	if got, err := parseStats(s.Append(nil)); got != s || err != nil {
		t.Error(got, err)
	}
	if _, err := parseStats([]byte("x")); err == nil {
		t.Error("a short message is taken")
	}
}

func TestFailure(t *testing.T) {
	for payload, want := range map[string]string{
		`{"Code":"CastFailed","Message":"m"}`: "InvalidRequest CastFailed m",
		`{"Message":"m"}`:                     "Internal  ",
		`{`:                                   "Internal  ",
	} {
		err := failure([]byte(payload))
		var fe *fault.Error
		got := "Internal  "
		if errors.As(err, &fe) && fe.Kind == fault.InvalidRequest {
			got = fmt.Sprint("InvalidRequest ", fe.Code, " ", fe.Msg)
		}
		if err == nil || got != want {
			t.Errorf("%s: %v", payload, err)
		}
	}
}
