package inventory

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"myfsio/fault"
)

// document is a configuration with parts replaced, in pairs.
func document(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`<InventoryConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
 <Id>report1</Id><IsEnabled>true</IsEnabled>
 <Filter><Prefix>filterPrefix/ </Prefix></Filter>
 <Destination><S3BucketDestination><Format>CSV</Format><AccountId>123456789012</AccountId><Bucket>arn:aws:s3:::dest</Bucket><Prefix>prefix1</Prefix><Encryption><SSE-S3/></Encryption></S3BucketDestination></Destination>
 <Schedule><Frequency>Daily</Frequency></Schedule>
 <IncludedObjectVersions>All</IncludedObjectVersions>
 <OptionalFields><Field>Size</Field><Field>ETag</Field></OptionalFields>
</InventoryConfiguration>`)
}

// TestForms: a document survives both forms.
func TestForms(t *testing.T) {
	c, err := ParseXML([]byte(document()))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{ID: "report1", Enabled: true, Filter: &Filter{"filterPrefix/ "}, Versions: All, Fields: []string{"Size", "ETag"}, Schedule: Schedule{Daily},
		Destination: Destination{BucketDestination{AccountID: "123456789012", ARN: "arn:aws:s3:::dest", Format: CSV, Prefix: "prefix1", Encryption: &Encryption{S3: &struct{}{}}}}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("%+v", c)
	}
	if c.Target() != "dest" || c.Base("src") != "prefix1/src/report1/" || c.Prefix() != "filterPrefix/ " {
		t.Error(c.Target(), c.Base("src"), c.Prefix())
	}
	again, err := ParseXML(c.Append(nil))
	if err != nil || !reflect.DeepEqual(again, c) {
		t.Errorf("%s %v", c.Append(nil), err)
	}
	if again, err = ParseJSON(c.JSON()); err != nil || !reflect.DeepEqual(again, c) {
		t.Errorf("%s %v", c.JSON(), err)
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		old, new, want string
	}{
		{"<Format>CSV", "<Format>Parquet", ""},
		{"<Format>CSV", "<Format>ORC", "The format ORC is not offered"},
		{"<Format>CSV", "<Format>csv", "MalformedXML"},
		{"<SSE-S3/>", "<SSE-KMS><KeyId>k</KeyId></SSE-KMS>", "SSE-KMS is not offered"},
		{"<SSE-S3/>", "", "MalformedXML"},
		{"<Encryption><SSE-S3/></Encryption>", "", ""},
		{"arn:aws:s3:::dest", "dest", "InvalidS3DestinationBucket"},
		{"arn:aws:s3:::dest", "arn:aws:s3:::dest/x", "InvalidS3DestinationBucket"},
		{"Daily", "Hourly", "MalformedXML"},
		{"Daily", "Weekly", ""},
		{">All<", ">Some<", "MalformedXML"},
		{">report1<", "><", "InvalidConfigurationId"},
		{">report1<", ">..<", "InvalidConfigurationId"},
		{">report1<", ">a/b<", "InvalidConfigurationId"},
		{">report1<", ">" + strings.Repeat("a", 65) + "<", "InvalidConfigurationId"},
		{"<IsEnabled>true</IsEnabled>", "", "MalformedXML"},
		{"<Field>ETag</Field>", "<Field>ReplicationStatus</Field>", "The optional field ReplicationStatus is not offered"},
		{"<Field>ETag</Field>", "<Field>ObjectAccessControlList</Field>", "not offered"},
		{"<Field>ETag</Field>", "<Field>Etag</Field>", "MalformedXML"},
		{"<Field>ETag</Field>", "<Field>Size</Field>", "given twice"},
		{"prefix1", strings.Repeat("p", 513), "at most 512 bytes"},
		{"<Schedule>", "<Extra/><Schedule>", "MalformedXML"},
		{"<Id>", "<Id>a</Id><Id>", "MalformedXML"},
	} {
		_, err := ParseXML([]byte(document(tt.old, tt.new)))
		got := ""
		if f, ok := err.(*fault.Error); ok {
			got = f.Code + " " + f.Msg
		}
		if (err == nil) != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s -> %.40s: %v", tt.old, tt.new, err)
		}
	}
}

func TestSet(t *testing.T) {
	c, err := ParseXML([]byte(document()))
	if err != nil {
		t.Fatal(err)
	}
	s := &Set{}
	for i := range MaxConfigs {
		c.ID = fmt.Sprintf("id-%03d", (i*7)%MaxConfigs)
		if err := s.Put(c); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.JSON()) >= 1<<20 {
		t.Error("a full set of usual configurations has", len(s.JSON()), "bytes")
	}
	if s, err = ParseSet(s.JSON()); err != nil || len(s.Configs) != MaxConfigs {
		t.Fatal(err)
	}
	if err := s.Put(c); err != nil { // a replacement
		t.Error(err)
	}
	c.ID = "other"
	if err := s.Put(c); err == nil {
		t.Error("too many are taken")
	}
	var ids []string
	for after, more := "", true; more; {
		var list []Config
		list, more = s.After(after, 300)
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		after = ids[len(ids)-1]
	}
	if len(ids) != MaxConfigs || ids[0] != "id-000" || ids[299] != "id-299" {
		t.Error(len(ids), ids[:3])
	}
	if list, more := s.After("id-0005", 2); len(list) != 2 || !more || list[0].ID != "id-001" { // a marker that is not there any more
		t.Errorf("%+v", list)
	}
	for _, id := range ids {
		if _, err := s.Get(id); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(id); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(id); !fault.Is(err, fault.NoSuchConfig) {
			t.Fatal(err)
		}
	}
	if s.JSON() != nil {
		t.Error("an empty set has a document")
	}
}

// FuzzParse: a document that is taken survives both forms.
func FuzzParse(f *testing.F) {
	f.Add([]byte(document()))
	f.Add([]byte(`{"Destination":{"S3BucketDestination":{"Bucket":"arn:aws:s3:::d","Format":"CSV"}},"IsEnabled":true,"Id":"a","IncludedObjectVersions":"All","Schedule":{"Frequency":"Daily"}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, parse := range []func([]byte) (*Config, error){ParseXML, ParseJSON} {
			c, err := parse(doc)
			if err != nil {
				continue
			}
			j, err := ParseJSON(c.JSON())
			if err != nil || !reflect.DeepEqual(j.JSON(), c.JSON()) {
				t.Fatalf("%s: %v", c.JSON(), err)
			}
			if strings.HasPrefix(c.Base("b"), "..") && c.Destination.Bucket.Prefix == "" {
				t.Fatal(c.Base("b"))
			}
		}
	})
}
