"""What Python programs do with the configuration of buckets, with events, logs, websites and SQL. The server carries out lifecycle
rules, serves websites, may call this machine, and writes access logs every second."""

import bz2
import csv
import gzip
import hashlib
import hmac
import http.server
import json
import os
import queue
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
from botocore.exceptions import ClientError

from boto3_checks import refused
from checks import BUCKET, done, run_all

s3 = boto3.client("s3")
MAIN = BUCKET + "-main"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]


def bucket(name):
    s3.create_bucket(Bucket=f"{BUCKET}-{name}")
    return f"{BUCKET}-{name}"


def admin(method, path, body=None):
    """A request to the administration; its answer is JSON."""
    req = urllib.request.Request(ENDPOINT + path, method=method, data=body and json.dumps(body).encode(), headers={
        "X-Access-Key": os.environ["AWS_ACCESS_KEY_ID"], "X-Secret-Key": os.environ["AWS_SECRET_ACCESS_KEY"], "Content-Type": "application/json"})
    with urllib.request.urlopen(req, timeout=60) as resp:
        text = resp.read()
        return json.loads(text) if text else None


def soon(what, fn):
    """Waits until fn returns something, and returns it."""
    for _ in range(150):
        if got := fn():
            return got
        time.sleep(0.1)
    raise AssertionError("never came: " + what)


# Lifecycle

RULES = [
    {"ID": "logs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}},
    {"ID": "tagged", "Status": "Enabled", "Filter": {"And": {"Prefix": "t/", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "\u00e4"}]}},
     "Expiration": {"Days": 7}, "NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 2}},
    {"ID": "large", "Status": "Disabled", "Filter": {"And": {"ObjectSizeGreaterThan": 10, "ObjectSizeLessThan": 1000}}, "Expiration": {"Days": 1}},
    {"ID": "markers", "Status": "Enabled", "Filter": {"Tag": {"Key": "only", "Value": ""}}, "Expiration": {"Days": 400}},
    {"ID": "uploads", "Status": "Enabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 5}},
]


def check_lifecycle():
    b = bucket("lifecycle")
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, 404, Bucket=b)
    s3.put_bucket_lifecycle_configuration(Bucket=b, LifecycleConfiguration={"Rules": RULES})
    got = s3.get_bucket_lifecycle_configuration(Bucket=b)["Rules"]
    assert got == RULES, got
    wrong = [
        [], [dict(RULES[0], Expiration={"Days": 0})], [dict(RULES[0], Expiration={"Days": -1})],
        [{k: v for k, v in RULES[0].items() if k != "Expiration"}], [RULES[0], RULES[0]], [dict(RULES[0], ID="i" * 256)],
        [dict(RULES[0], Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True})],
    ]
    for rules in wrong:
        try:
            s3.put_bucket_lifecycle_configuration(Bucket=b, LifecycleConfiguration={"Rules": rules})
        except ClientError as e:
            assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 400, (rules, e.response)
        else:
            raise AssertionError(f"accepted {rules}")
    assert s3.get_bucket_lifecycle_configuration(Bucket=b)["Rules"] == RULES
    date = {"ID": "d", "Status": "Enabled", "Filter": {"Prefix": "d"}, "Expiration": {"Date": "2035-01-01T00:00:00Z"}}
    s3.put_bucket_lifecycle_configuration(Bucket=b, LifecycleConfiguration={"Rules": [date]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=b)["Rules"][0]["Expiration"]["Date"].year == 2035
    s3.delete_bucket_lifecycle(Bucket=b)
    refused("NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration, 404, Bucket=b)
    s3.delete_bucket_lifecycle(Bucket=b)


def check_expiration_is_told():
    b = bucket("expiration")
    s3.put_bucket_lifecycle_configuration(Bucket=b, LifecycleConfiguration={"Rules": RULES})
    put = s3.put_object(Bucket=b, Key="logs/1", Body=b"x")
    assert put["Expiration"].startswith('expiry-date="') and put["Expiration"].endswith('00:00:00 GMT", rule-id="logs"'), put
    assert s3.head_object(Bucket=b, Key="logs/1")["Expiration"] == put["Expiration"]
    assert s3.get_object(Bucket=b, Key="logs/1")["Expiration"] == put["Expiration"]
    copied = s3.copy_object(Bucket=b, Key="logs/2", CopySource=f"{b}/logs/1")
    assert copied["Expiration"] == put["Expiration"], copied
    assert "Expiration" not in s3.put_object(Bucket=b, Key="other", Body=b"x" * 100)
    assert "Expiration" not in s3.put_object(Bucket=b, Key="t/1", Body=b"x", Tagging="a=1")
    assert 'rule-id="tagged"' in s3.put_object(Bucket=b, Key="t/1", Body=b"x", Tagging="a=1&b=%C3%A4")["Expiration"]
    s3.delete_object_tagging(Bucket=b, Key="t/1")
    assert "Expiration" not in s3.head_object(Bucket=b, Key="t/1")
    upload = s3.create_multipart_upload(Bucket=b, Key="logs/3")
    assert upload["AbortRuleId"] == "uploads" and upload["AbortDate"].timestamp() > time.time() + 4 * 86400, upload
    assert s3.list_parts(Bucket=b, Key="logs/3", UploadId=upload["UploadId"])["AbortRuleId"] == "uploads"
    tag = s3.upload_part(Bucket=b, Key="logs/3", UploadId=upload["UploadId"], PartNumber=1, Body=b"x")["ETag"]
    made = s3.complete_multipart_upload(Bucket=b, Key="logs/3", UploadId=upload["UploadId"], MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    assert 'rule-id="logs"' in made["Expiration"], made
    s3.delete_bucket_lifecycle(Bucket=b)
    assert "Expiration" not in s3.head_object(Bucket=b, Key="logs/1")


def check_lifecycle_is_carried_out():
    b = bucket("expired")
    s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
    for key in ("old/1", "old/2", "new/1"):
        s3.put_object(Bucket=b, Key=key, Body=b"1")
    s3.put_bucket_lifecycle_configuration(Bucket=b, LifecycleConfiguration={"Rules": [
        {"ID": "past", "Status": "Enabled", "Filter": {"Prefix": "old/"}, "Expiration": {"Date": "2020-01-01T00:00:00Z"}}]})
    admin("POST", "/admin/lifecycle/run", {"bucket": b})
    refused("NoSuchKey", s3.get_object, 404, Bucket=b, Key="old/1")
    assert s3.get_object(Bucket=b, Key="new/1")["Body"].read() == b"1"
    listing = s3.list_object_versions(Bucket=b)  # nothing is lost: a marker hides what is there
    assert sorted(m["Key"] for m in listing["DeleteMarkers"]) == ["old/1", "old/2"], listing
    assert sorted(v["Key"] for v in listing["Versions"]) == ["new/1", "old/1", "old/2"], listing
    for m in listing["DeleteMarkers"]:
        s3.delete_object(Bucket=b, Key=m["Key"], VersionId=m["VersionId"])
    assert s3.get_object(Bucket=b, Key="old/1")["Body"].read() == b"1"


# Inventory

def check_inventory():
    b = bucket("inventory")
    s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
    to = bucket("inventory-reports")
    refused("NoSuchConfiguration", s3.get_bucket_inventory_configuration, 404, Bucket=b, Id="all")
    conf = {"Id": "all", "IsEnabled": True, "IncludedObjectVersions": "All", "Schedule": {"Frequency": "Daily"}, "OptionalFields": ["Size", "ETag", "LastModifiedDate"],
            "Destination": {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{to}", "Format": "CSV", "Prefix": "lists"}}}
    parquet = json.loads(json.dumps(conf).replace("CSV", "Parquet").replace('"all"', '"columns"'))
    s3.put_bucket_inventory_configuration(Bucket=b, Id="all", InventoryConfiguration=conf)
    s3.put_bucket_inventory_configuration(Bucket=b, Id="columns", InventoryConfiguration=parquet)
    assert s3.get_bucket_inventory_configuration(Bucket=b, Id="all")["InventoryConfiguration"] == conf
    listed = s3.list_bucket_inventory_configurations(Bucket=b)
    assert listed["InventoryConfigurationList"] == [conf, parquet] and not listed["IsTruncated"], listed
    refused("NotImplemented", s3.put_bucket_inventory_configuration, 501, Bucket=b, Id="all",
            InventoryConfiguration=json.loads(json.dumps(conf).replace("CSV", "ORC")))
    want = []
    for key in ("a b+c", "dir/\u00e4\u0022,", "gone"):
        v = s3.put_object(Bucket=b, Key=key, Body=key.encode())
        want.append((key, v["VersionId"], str(len(key.encode())), v["ETag"].strip('"')))
    want.append(("gone", s3.delete_object(Bucket=b, Key="gone")["VersionId"], "", ""))
    reports = admin("POST", "/admin/inventory/run", {"bucket": b})["reports"]
    assert [r["objects"] for r in reports] == [4, 4] and not any(r.get("error") for r in reports), reports
    text = s3.get_object(Bucket=to, Key=reports[0]["manifest"])["Body"].read()
    assert s3.get_object(Bucket=to, Key=reports[0]["manifest"].replace(".json", ".checksum"))["Body"].read().decode() == hashlib.md5(text).hexdigest()
    manifest = json.loads(text)
    columns, got = manifest["fileSchema"].split(", "), []
    for f in manifest["files"]:
        data = s3.get_object(Bucket=to, Key=f["key"])["Body"].read()
        assert len(data) == f["size"] and hashlib.md5(data).hexdigest() == f["MD5checksum"], f
        for row in csv.DictReader(gzip.decompress(data).decode().splitlines(), columns):
            got.append((urllib.parse.unquote_plus(row["Key"]), row["VersionId"], row["Size"], row["ETag"]))
    assert sorted(got) == sorted(want), got
    file = json.loads(s3.get_object(Bucket=to, Key=reports[1]["manifest"])["Body"].read())["files"][0]["key"]
    events = s3.select_object_content(Bucket=to, Key=file, ExpressionType="SQL", Expression="SELECT s.key, s.version_id, s.size, s.e_tag FROM S3Object s",
                                      InputSerialization={"Parquet": {}}, OutputSerialization={"JSON": {}})["Payload"]
    rows = [json.loads(line) for line in b"".join(e["Records"]["Payload"] for e in events if "Records" in e).splitlines()]
    rows = [(r["key"], r["version_id"], "" if r.get("size") is None else str(r["size"]), r.get("e_tag") or "") for r in rows]
    assert sorted(rows) == sorted(want), rows
    assert any(r["id"] == "columns" for r in admin("GET", "/admin/inventory/status")["reports"])
    for name in ("all", "columns"):
        s3.delete_bucket_inventory_configuration(Bucket=b, Id=name)
    assert "InventoryConfigurationList" not in s3.list_bucket_inventory_configurations(Bucket=b)


# Notifications

class Hook(http.server.BaseHTTPRequestHandler):
    came = queue.Queue()

    def do_POST(self):
        Hook.came.put((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def genuine(secret, header, body):
    t, v1 = (part.split("=", 1)[1] for part in header.split(","))
    want = hmac.new(secret.encode(), t.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(v1, want) and abs(time.time() - int(t)) < 300


def check_notifications():
    b = bucket("events")
    receiver = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    assert "TopicConfigurations" not in s3.get_bucket_notification_configuration(Bucket=b)
    config = {
        "TopicConfigurations": [{"Id": "made", "TopicArn": url, "Events": ["s3:ObjectCreated:*", "s3:ObjectTagging:*"],
                                 "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in & out/"}, {"Name": "suffix", "Value": ".txt"}]}}}],
        "QueueConfigurations": [{"Id": "gone", "QueueArn": url, "Events": ["s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated"]}],
    }
    s3.put_bucket_notification_configuration(Bucket=b, NotificationConfiguration=config)
    got = s3.get_bucket_notification_configuration(Bucket=b)
    got.pop("ResponseMetadata")
    for rules in got.values():  # as AWS answers, the names of filters may be capitalized
        for f in rules[0].get("Filter", {}).get("Key", {}).get("FilterRules", []):
            f["Name"] = f["Name"].lower()
    assert got == config, got
    secret = admin("GET", f"/admin/notifications/secret?bucket={b}&url=" + urllib.parse.quote(url))["secret"]

    def next_event():
        headers, body = Hook.came.get(timeout=15)
        assert genuine(secret, headers["X-MyFSIO-Signature"], body), headers
        return json.loads(body)

    assert next_event()["Event"] == "s3:TestEvent"
    key = "in & out/\u00e4 b.txt"
    etag = s3.put_object(Bucket=b, Key=key, Body=b"hello")["ETag"].strip('"')
    s3.put_object(Bucket=b, Key="elsewhere.txt", Body=b"x")
    s3.put_object_tagging(Bucket=b, Key=key, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3.delete_object(Bucket=b, Key=key)
    records = [next_event()["Records"][0] for _ in range(3)]
    assert [r["eventName"] for r in records] == ["ObjectCreated:Put", "ObjectTagging:Put", "ObjectRemoved:Delete"], records
    for r in records:
        assert r["eventVersion"].startswith("2.") and r["eventSource"] == "myfsio:s3" and r["awsRegion"] and r["userIdentity"]["principalId"], r
        assert r["s3"]["bucket"]["name"] == b and urllib.parse.unquote_plus(r["s3"]["object"]["key"]) == key, r
        assert r["requestParameters"]["sourceIPAddress"] and r["responseElements"]["x-amz-request-id"], r
    assert records[0]["s3"]["object"]["size"] == 5 and records[0]["s3"]["object"]["eTag"] == etag
    order = [r["s3"]["object"]["sequencer"] for r in records]
    assert order == sorted(order) and len(set(order)) == 3, order
    s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=b, Key=key, Body=b"2")["VersionId"]
    marker = s3.delete_objects(Bucket=b, Delete={"Objects": [{"Key": key}]})["Deleted"][0]["DeleteMarkerVersionId"]
    s3.delete_object(Bucket=b, Key=key, VersionId=version)
    told = [(r["eventName"], r["s3"]["object"]["versionId"]) for r in (next_event()["Records"][0] for _ in range(3))]
    assert told == [("ObjectCreated:Put", version), ("ObjectRemoved:DeleteMarkerCreated", marker), ("ObjectRemoved:Delete", version)], told
    for wrong in ({"Events": ["s3:Nothing"]}, {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t"}, {"TopicArn": "ftp://127.0.0.1/x"}):
        rule = dict(config["TopicConfigurations"][0], **wrong)
        refused("InvalidArgument", s3.put_bucket_notification_configuration, 400, Bucket=b, NotificationConfiguration={"TopicConfigurations": [rule]})
    s3.put_bucket_notification_configuration(Bucket=b, NotificationConfiguration={})
    assert "TopicConfigurations" not in s3.get_bucket_notification_configuration(Bucket=b)
    s3.put_object(Bucket=b, Key=key, Body=b"silent")
    assert Hook.came.empty()
    receiver.shutdown()


# Access logs

def check_logging():
    b, to = bucket("logged"), bucket("log")
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=b)
    config = {"TargetBucket": to, "TargetPrefix": "p & q/"}
    s3.put_bucket_logging(Bucket=b, BucketLoggingStatus={"LoggingEnabled": config})
    assert s3.get_bucket_logging(Bucket=b)["LoggingEnabled"] == config
    s3.put_object(Bucket=b, Key="k", Body=b"hello")
    got = s3.get_object(Bucket=b, Key="k")

    def lines():
        text = ""
        for c in s3.list_objects_v2(Bucket=to, Prefix="p & q/").get("Contents", []):
            text += s3.get_object(Bucket=to, Key=c["Key"])["Body"].read().decode()
        return [line for line in text.splitlines() if "REST.GET.OBJECT k " in line]

    line = soon("a line of the log", lines)[0]
    assert f" {b} [" in line and got["ResponseMetadata"]["RequestId"] in line and "Boto3/" in line and " SigV4 " in line, line
    refused("InvalidTargetBucketForLogging", s3.put_bucket_logging, 400, Bucket=b,
            BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": BUCKET + "-none", "TargetPrefix": ""}})
    s3.put_bucket_logging(Bucket=b, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=b)


# Websites

def visit(host, path):
    """GET of a visitor, who follows no redirects."""
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    req = urllib.request.Request(ENDPOINT + path, headers={"Host": host})
    try:
        with urllib.request.build_opener(Stay).open(req, timeout=60) as resp:
            return resp.status, resp.read().decode(), resp.headers
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode(), e.headers


def check_website():
    b = bucket("site")
    refused("NoSuchWebsiteConfiguration", s3.get_bucket_website, 404, Bucket=b)
    config = {
        "IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"},
        "RoutingRules": [
            {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/", "HttpRedirectCode": "302"}},
            {"Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "old/"}, "Redirect": {"HostName": "old.example.org", "Protocol": "https"}},
        ],
    }
    s3.put_bucket_website(Bucket=b, WebsiteConfiguration=config)
    got = s3.get_bucket_website(Bucket=b)
    got.pop("ResponseMetadata")
    assert got == config, got
    for key, text in {"index.html": "home", "error.html": "lost", "documents/index.html": "documents", "old/there": "kept"}.items():
        s3.put_object(Bucket=b, Key=key, Body=text, ContentType="text/html")
    s3.put_object(Bucket=b, Key="moved", WebsiteRedirectLocation="/documents/")
    host = "site.example.com"
    admin("POST", "/admin/website-domains", {"domain": host, "bucket": b})
    for path, want in {"/": (200, "home"), "/documents/": (200, "documents"), "/documents": (200, "documents"), "/old/there": (200, "kept"), "/none": (404, "lost")}.items():
        status, text, headers = visit(host, path)
        assert (status, text, headers["Content-Type"]) == (*want, "text/html"), (path, status, text)
    for path, want, location in [("/docs/a", 302, "/documents/a"), ("/old/none", 301, "https://old.example.org/old/none"), ("/moved", 301, "/documents/")]:
        status, _, headers = visit(host, path)
        assert status == want and headers["Location"].endswith(location), (path, status, headers["Location"])
    s3.put_bucket_website(Bucket=b, WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "elsewhere.example.com", "Protocol": "https"}})
    status, _, headers = visit(host, "/a?b=c")
    assert status == 301 and headers["Location"] == "https://elsewhere.example.com/a?b=c", headers
    s3.delete_bucket_website(Bucket=b)
    assert visit(host, "/")[0] == 404
    refused("NoSuchWebsiteConfiguration", s3.get_bucket_website, 404, Bucket=b)
    admin("DELETE", "/admin/website-domains/" + host)
    refused("InvalidArgument", s3.put_bucket_website, 400, Bucket=b, WebsiteConfiguration={"IndexDocument": {"Suffix": "a/b"}})


# SelectObjectContent

CSV = "name,age,city\nAda,36,London\nBob,7,Paris\nCyd,41,\"New\nYork\"\n"
LINES = "".join(json.dumps({"id": i, "who": {"name": f"n{i}"}, "odd": bool(i % 2)}) + "\n" for i in range(5))


def select(key, sql, output="JSON", progress=False, expect=None, **source):
    """Runs a query and returns its results and the details of Stats; the events have to come as AWS sends them."""
    answer = s3.select_object_content(
        Bucket=MAIN, Key=key, Expression=sql, ExpressionType="SQL", InputSerialization=source,
        OutputSerialization={output: {}} if isinstance(output, str) else output, RequestProgress={"Enabled": progress})
    text, kinds, stats = b"", [], None
    for event in answer["Payload"]:
        (kind, value), = event.items()
        kinds.append(kind)
        if kind == "Records":
            text += value["Payload"]
        elif kind == "Stats":
            stats = value["Details"]
        elif kind == "Progress":
            assert set(value["Details"]) == {"BytesScanned", "BytesProcessed", "BytesReturned"}, value
    assert kinds[-2:] == ["Stats", "End"] and kinds.count("Stats") == 1, kinds
    assert ("Progress" in kinds) == progress, kinds
    assert stats["BytesReturned"] == len(text), stats
    return text.decode(), stats


def rows(*args, **source):
    text, _ = select(*args, **source)
    return [json.loads(line) for line in text.splitlines()]


USE = {"FileHeaderInfo": "USE"}


def check_select_csv():
    s3.create_bucket(Bucket=MAIN)
    s3.put_object(Bucket=MAIN, Key="people.csv", Body=CSV)
    use = dict(USE, AllowQuotedRecordDelimiter=True)
    text, stats = select("people.csv", "SELECT s.name, s.city FROM S3Object s WHERE CAST(s.age AS INT) > 25", CSV=use, progress=True)
    assert text == '{"name":"Ada","city":"London"}\n{"name":"Cyd","city":"New\\nYork"}\n', text
    assert stats["BytesScanned"] == stats["BytesProcessed"] == len(CSV), stats
    text, _ = select("people.csv", "SELECT * FROM S3Object", output="CSV", CSV=use)
    assert text == CSV.partition("\n")[2], text
    text, _ = select("people.csv", "SELECT s._1, s._2 FROM S3Object s LIMIT 2", CSV={"FileHeaderInfo": "NONE", "AllowQuotedRecordDelimiter": True},
                     output={"CSV": {"QuoteFields": "ALWAYS", "FieldDelimiter": "\t", "RecordDelimiter": "|"}})  # botocore does not escape \r
    assert text == '"name"\t"age"|"Ada"\t"36"|', text
    assert rows("people.csv", "SELECT COUNT(*) AS n, MAX(CAST(age AS INT)) AS oldest, AVG(CAST(age AS FLOAT)) AS mean FROM S3Object", CSV=use) == [{"n": 3, "oldest": 41, "mean": 28}]
    assert rows("people.csv", "SELECT UPPER(name) AS n FROM S3Object WHERE name LIKE '%b' OR city IN ('London')", CSV=use) == [{"n": "ADA"}, {"n": "BOB"}]
    s3.put_object(Bucket=MAIN, Key="odd.csv", Body="# a comment\na;'x;y'\nb;'it''s'\n")
    got = rows("odd.csv", "SELECT s._1, s._2 FROM S3Object s", CSV={"FileHeaderInfo": "NONE", "Comments": "#", "FieldDelimiter": ";", "QuoteCharacter": "'", "QuoteEscapeCharacter": "'"})
    assert got == [{"_1": "a", "_2": "x;y"}, {"_1": "b", "_2": "it's"}], got


def check_select_json():
    s3.put_object(Bucket=MAIN, Key="rows.json", Body=LINES)
    lines = {"Type": "LINES"}
    assert rows("rows.json", "SELECT * FROM S3Object s WHERE s.odd AND s.id > 1", JSON=lines) == [{"id": 3, "who": {"name": "n3"}, "odd": True}]
    text, _ = select("rows.json", "SELECT s.id, s.who.name FROM S3Object s WHERE s.id >= 3", output="CSV", JSON=lines)
    assert text == "3,n3\n4,n4\n", text
    s3.put_object(Bucket=MAIN, Key="doc.json", Body=json.dumps({"orders": [{"id": i, "items": [{"sku": f"s{i}"}]} for i in range(3)]}))
    got = rows("doc.json", "SELECT o.id, o.items[0].sku AS first FROM S3Object[*].orders[*] o WHERE o.id <> 1", JSON={"Type": "DOCUMENT"})
    assert got == [{"id": 0, "first": "s0"}, {"id": 2, "first": "s2"}], got


def check_select_parquet():
    with open("testdata/people.parquet", "rb") as f:  # by pyarrow: 60 rows in three groups, Snappy
        s3.put_object(Bucket=MAIN, Key="people.parquet", Body=f.read())
    got = rows("people.parquet", "SELECT id, name, score, active, born, paid FROM S3Object WHERE id IN (3, 22)", Parquet={})
    assert [(r["id"], r.get("name"), r["score"], r["active"]) for r in got] == [(3, "name 3", 1.5, True), (22, None, 11, False)], got
    assert [str(r["born"]) for r in got] == ["2000-01-04", "2000-01-23"] and [float(r["paid"]) for r in got] == [0.75, 5.5], got
    got = rows("people.parquet", "SELECT COUNT(*) AS n, SUM(score) AS sum, COUNT(name) AS named FROM S3Object s WHERE s.active", Parquet={})
    assert got == [{"n": 20, "sum": 285, "named": 19}], got
    text, stats = select("people.parquet", "SELECT s.id FROM S3Object s WHERE s.seen < CAST('2024-01-15T10:30:02Z' AS TIMESTAMP)", output="CSV", Parquet={})
    assert text == "0\n1\n", text
    assert 0 < stats["BytesScanned"] < 20_000, stats


def check_select_compressed():
    for name, data in (("gz", gzip.compress(CSV.encode())), ("bz2", bz2.compress(CSV.encode()))):
        s3.put_object(Bucket=MAIN, Key="people.csv." + name, Body=data)
        kind = {"gz": "GZIP", "bz2": "BZIP2"}[name]
        text, stats = select("people.csv." + name, "SELECT s.name FROM S3Object s WHERE s.age = '7'", output="CSV", CSV=dict(USE, AllowQuotedRecordDelimiter=True), CompressionType=kind)
        assert text == "Bob\n", text
        assert stats["BytesScanned"] == len(data) and stats["BytesProcessed"] == len(CSV), stats
    s3.put_object(Bucket=MAIN, Key="rows.json.gz", Body=gzip.compress(LINES.encode()))
    assert rows("rows.json.gz", "SELECT COUNT(*) AS n FROM S3Object", JSON={"Type": "LINES"}, CompressionType="GZIP") == [{"n": 5}]
    refused_select(("InvalidCompressionFormat", "InvalidTextEncoding", "TruncatedInput", "CSVParsingError"), "people.csv", "SELECT * FROM S3Object", CSV=USE, CompressionType="GZIP")


def check_select_large():
    """Results of some megabytes come in many events; a scan range takes the records that begin in it."""
    text = "".join(f"{i},{'x' * (i % 90)}\n" for i in range(60_000))
    s3.put_object(Bucket=MAIN, Key="large.csv", Body=text)
    got, stats = select("large.csv", "SELECT * FROM S3Object", output="CSV", CSV={"FileHeaderInfo": "NONE"}, progress=True)
    assert got == text and stats["BytesScanned"] == len(text)
    ranged = []
    for first in range(0, len(text), 1_000_000):
        answer = s3.select_object_content(
            Bucket=MAIN, Key="large.csv", Expression="SELECT s._1 FROM S3Object s", ExpressionType="SQL", InputSerialization={"CSV": {}}, OutputSerialization={"CSV": {}},
            ScanRange={"Start": first, "End": min(first + 1_000_000, len(text)) - 1})
        ranged += b"".join(e["Records"]["Payload"] for e in answer["Payload"] if "Records" in e).split()
    assert [int(n) for n in ranged] == list(range(60_000)), len(ranged)


def refused_select(codes, key, sql, **source):
    """The error may be an answer, or an event behind some records; botocore raises both."""
    try:
        answer = s3.select_object_content(Bucket=MAIN, Key=key, Expression=sql, ExpressionType="SQL", InputSerialization=source, OutputSerialization={"JSON": {}})
        for _ in answer["Payload"]:
            pass
    except ClientError as e:  # EventStreamError is one
        assert e.response["Error"]["Code"] in codes, e.response
        return
    raise AssertionError(f"not refused: {sql}")


def check_select_refused():
    refused_select(("NoSuchKey",), "none", "SELECT * FROM S3Object", CSV=USE)
    for sql, codes in {
        "SELEC": ("ParseUnexpectedToken", "ParseExpectedKeyword"), "SELECT * FROM S3Object WHERE": ("ParseUnexpectedToken", "ParseUnexpectedTerm", "ParseExpectedExpression"),
        "SELECT * FROM elsewhere": None, "SELECT nothing_like_it(name) FROM S3Object": None,
        "SELECT * FROM S3Object; SELECT 1": None, "SELECT * FROM read_csv('/etc/passwd')": None, "DELETE FROM S3Object": None,
        "SELECT CAST(name AS INT) FROM S3Object": ("CastFailed",),
    }.items():
        try:
            refused_select(codes or Any(), "people.csv", sql, CSV=dict(USE, AllowQuotedRecordDelimiter=True))
        except AssertionError as e:
            raise AssertionError(f"{sql}: {e}") from None
    refused_select(("JSONParsingError",), "people.csv", "SELECT * FROM S3Object", JSON={"Type": "LINES"})
    refused_select(("ParquetParsingError", "InvalidDataSource"), "people.csv", "SELECT * FROM S3Object", Parquet={})


class Any:
    def __contains__(self, _):
        return True


run_all(sys.modules[__name__])
done()
