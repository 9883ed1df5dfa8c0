"""What Python programs do with boto3."""

import base64
import hashlib
import io
import sys
import urllib.error
import urllib.request
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from boto3_checks import body, refused
from checks import BUCKET, Skip, done, keys, run, run_all

s3 = boto3.client("s3")
MAIN = BUCKET + "-main"
PART = 5 << 20


def fetch(url, method="GET", data=None, headers=None):
    req = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(req, timeout=60) as resp:
            return resp.status, resp.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def empty(bucket):
    """Removes a bucket with all its versions."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        gone = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in page.get("Versions", []) + page.get("DeleteMarkers", [])]
        if gone:
            assert "Errors" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": gone})
    s3.delete_bucket(Bucket=bucket)


def check_buckets():
    s3.create_bucket(Bucket=MAIN)
    s3.head_bucket(Bucket=MAIN)
    assert MAIN in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    s3.get_bucket_location(Bucket=MAIN)
    s3.get_waiter("bucket_exists").wait(Bucket=MAIN, WaiterConfig={"MaxAttempts": 1})


def check_put_and_get_with_headers():
    data = body(100_000)
    put = s3.put_object(Bucket=MAIN, Key="h", Body=data, ContentType="text/x-test; charset=utf-8", CacheControl="max-age=5",
                        ContentDisposition='attachment; filename="x"', ContentEncoding="x-none", ContentLanguage="de",
                        Metadata={"one": "1", "two-words": "a b"}, Tagging="a=b&c=d%20e")
    assert put["ETag"] == '"%s"' % hashlib.md5(data).hexdigest()
    got = s3.get_object(Bucket=MAIN, Key="h")
    assert got["Body"].read() == data
    assert got["ContentType"] == "text/x-test; charset=utf-8"
    assert (got["CacheControl"], got["ContentEncoding"], got["ContentLanguage"]) == ("max-age=5", "x-none", "de")
    assert got["Metadata"] == {"one": "1", "two-words": "a b"}, got["Metadata"]
    assert got["TagCount"] == 2
    tags = s3.get_object_tagging(Bucket=MAIN, Key="h")["TagSet"]
    assert sorted(t["Key"] + "=" + t["Value"] for t in tags) == ["a=b", "c=d e"]
    head = s3.head_object(Bucket=MAIN, Key="h")
    assert head["ContentLength"] == len(data) and head["AcceptRanges"] == "bytes"
    shown = s3.get_object(Bucket=MAIN, Key="h", ResponseContentType="a/b", ResponseContentDisposition="inline")
    assert shown["ContentType"] == "a/b" and shown["ContentDisposition"] == "inline"


def check_empty_object():
    s3.put_object(Bucket=MAIN, Key="empty", Body=b"")
    assert s3.get_object(Bucket=MAIN, Key="empty")["Body"].read() == b""


def check_ranges():
    data = body(70_000, 2)
    s3.put_object(Bucket=MAIN, Key="r", Body=data)
    for spec, want in {"bytes=0-0": data[:1], "bytes=100-199": data[100:200], "bytes=69990-": data[69990:],
                       "bytes=-7": data[-7:], "bytes=69990-999999": data[69990:]}.items():
        got = s3.get_object(Bucket=MAIN, Key="r", Range=spec)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206 and got["Body"].read() == want, spec
    refused("InvalidRange", s3.get_object, 416, Bucket=MAIN, Key="r", Range="bytes=70000-")


def check_default_checksum():
    data = body(30_000, 3)
    s3.put_object(Bucket=MAIN, Key="default", Body=data)
    head = s3.head_object(Bucket=MAIN, Key="default", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode(), head
    # A body without a seekable length goes out in chunks, with the checksum behind it.
    s3.upload_fileobj(io.BytesIO(data), MAIN, "default2")
    assert s3.get_object(Bucket=MAIN, Key="default2", ChecksumMode="ENABLED")["Body"].read() == data


def check_wrong_checksum():
    refused("BadDigest", s3.put_object, 400, Bucket=MAIN, Key="bad", Body=b"x", ChecksumSHA256=base64.b64encode(b"0" * 32).decode())
    refused("BadDigest", s3.put_object, 400, Bucket=MAIN, Key="bad", Body=b"x", ContentMD5=base64.b64encode(b"0" * 16).decode())
    refused("404", s3.head_object, Bucket=MAIN, Key="bad")


def one_algorithm(algorithm):
    data = body(40_000, 4)
    name = "Checksum" + algorithm
    for how, payload in (("whole", data), ("stream", io.BytesIO(data))):
        key = f"sum-{algorithm}-{how}"
        try:
            put = s3.put_object(Bucket=MAIN, Key=key, Body=payload, ChecksumAlgorithm=algorithm)
        except Exception as e:
            if type(e).__name__ in ("MissingDependencyException", "FlexibleChecksumError", "AwsCrtNotAvailable"):
                raise Skip(f"not computed by this botocore: {e}")
            raise
        head = s3.head_object(Bucket=MAIN, Key=key, ChecksumMode="ENABLED")
        assert put[name] == head[name] != "", (put, head)
        assert head["ChecksumType"] == "FULL_OBJECT"
        assert s3.get_object(Bucket=MAIN, Key=key, ChecksumMode="ENABLED")["Body"].read() == data
        attrs = s3.get_object_attributes(Bucket=MAIN, Key=key, ObjectAttributes=["Checksum"])
        assert attrs["Checksum"][name] == put[name]


def algorithms():
    """All that this version of the API has, by name."""
    shape = s3.meta.service_model.operation_model("PutObject").input_shape.members["ChecksumAlgorithm"]
    for algorithm in shape.enum:
        run("checksum_" + algorithm, one_algorithm, algorithm)


def check_multipart_by_transfer_manager():
    data = body(18 << 20, 5)
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=3)
    s3.upload_fileobj(io.BytesIO(data), MAIN, "big", Config=config, ExtraArgs={"ContentType": "x/big", "Metadata": {"m": "v"}})
    head = s3.head_object(Bucket=MAIN, Key="big")
    assert head["ETag"].endswith('-4"') and head["ContentType"] == "x/big" and head["Metadata"] == {"m": "v"}, head
    into = io.BytesIO()
    s3.download_fileobj(MAIN, "big", into, Config=config)
    assert into.getvalue() == data
    part = s3.get_object(Bucket=MAIN, Key="big", PartNumber=2)
    assert part["PartsCount"] == 4 and part["Body"].read() == data[PART:2 * PART]


def check_multipart_by_hand():
    parts = [body(PART, 6), body(PART + 1, 7), body(1, 8)]
    upload = s3.create_multipart_upload(Bucket=MAIN, Key="hand", ChecksumAlgorithm="SHA256", Metadata={"a": "b"})["UploadId"]
    where = {"Bucket": MAIN, "Key": "hand", "UploadId": upload}
    done_parts = []
    for n, p in enumerate(parts, 1):
        up = s3.upload_part(**where, PartNumber=n * 3, Body=p, ChecksumAlgorithm="SHA256")
        done_parts.append({"PartNumber": n * 3, "ETag": up["ETag"], "ChecksumSHA256": up["ChecksumSHA256"]})
    assert upload in [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=MAIN)["Uploads"]]
    shown = s3.list_parts(**where)["Parts"]
    assert [(p["PartNumber"], p["Size"], p["ETag"]) for p in shown] == [(d["PartNumber"], len(p), d["ETag"]) for d, p in zip(done_parts, parts)]
    refused("InvalidPartOrder", s3.complete_multipart_upload, 400, **where, MultipartUpload={"Parts": done_parts[::-1]})
    wrong = [dict(done_parts[0], ETag='"0"')] + done_parts[1:]
    refused("InvalidPart", s3.complete_multipart_upload, 400, **where, MultipartUpload={"Parts": wrong})
    made = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done_parts})
    md5s = b"".join(hashlib.md5(p).digest() for p in parts)
    assert made["ETag"] == '"%s-3"' % hashlib.md5(md5s).hexdigest()
    sums = b"".join(hashlib.sha256(p).digest() for p in parts)
    want = base64.b64encode(hashlib.sha256(sums).digest()).decode() + "-3"
    assert made["ChecksumSHA256"] == want, made
    assert s3.get_object(Bucket=MAIN, Key="hand", ChecksumMode="ENABLED")["Body"].read() == b"".join(parts)
    refused("NoSuchUpload", s3.list_parts, 404, **where)
    attrs = s3.get_object_attributes(Bucket=MAIN, Key="hand", ObjectAttributes=["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"])
    assert attrs["ObjectSize"] == sum(map(len, parts)) and attrs["ETag"] == made["ETag"].strip('"'), attrs
    assert attrs["ObjectParts"]["TotalPartsCount"] == 3
    assert [p["Size"] for p in attrs["ObjectParts"]["Parts"]] == [len(p) for p in parts]


def check_multipart_too_small_and_abort():
    upload = s3.create_multipart_upload(Bucket=MAIN, Key="small")["UploadId"]
    where = {"Bucket": MAIN, "Key": "small", "UploadId": upload}
    tags = [s3.upload_part(**where, PartNumber=n, Body=b"tiny")["ETag"] for n in (1, 2)]
    parts = [{"PartNumber": n, "ETag": t} for n, t in enumerate(tags, 1)]
    refused("EntityTooSmall", s3.complete_multipart_upload, 400, **where, MultipartUpload={"Parts": parts})
    s3.abort_multipart_upload(**where)
    refused("NoSuchUpload", s3.upload_part, 404, **where, PartNumber=1, Body=b"x")
    refused("404", s3.head_object, Bucket=MAIN, Key="small")


def check_upload_part_copy():
    data = body(12 << 20, 9)
    s3.upload_fileobj(io.BytesIO(data), MAIN, "source")
    upload = s3.create_multipart_upload(Bucket=MAIN, Key="target")["UploadId"]
    where = {"Bucket": MAIN, "Key": "target", "UploadId": upload}
    parts = []
    for n, (first, last) in enumerate([(0, PART - 1), (PART, len(data) - 1)], 1):
        r = s3.upload_part_copy(**where, PartNumber=n, CopySource={"Bucket": MAIN, "Key": "source"}, CopySourceRange=f"bytes={first}-{last}")
        parts.append({"PartNumber": n, "ETag": r["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=MAIN, Key="target")["Body"].read() == data


def check_conditional_writes():
    first = s3.put_object(Bucket=MAIN, Key="once", Body=b"1", IfNoneMatch="*")["ETag"]
    refused("PreconditionFailed", s3.put_object, 412, Bucket=MAIN, Key="once", Body=b"2", IfNoneMatch="*")
    second = s3.put_object(Bucket=MAIN, Key="once", Body=b"3", IfMatch=first)["ETag"]
    refused("PreconditionFailed", s3.put_object, 412, Bucket=MAIN, Key="once", Body=b"4", IfMatch=first)
    refused("NoSuchKey", s3.put_object, 404, Bucket=MAIN, Key="never", Body=b"4", IfMatch=first)
    assert s3.get_object(Bucket=MAIN, Key="once", IfMatch=second)["Body"].read() == b"3"
    refused("PreconditionFailed", s3.get_object, 412, Bucket=MAIN, Key="once", IfMatch=first)
    refused("304", s3.get_object, 304, Bucket=MAIN, Key="once", IfNoneMatch=second)
    stamp = s3.head_object(Bucket=MAIN, Key="once")["LastModified"]
    refused("304", s3.get_object, 304, Bucket=MAIN, Key="once", IfModifiedSince=stamp)
    assert s3.get_object(Bucket=MAIN, Key="once", IfUnmodifiedSince=stamp)["Body"].read() == b"3"


def check_copy():
    data = body(50_000, 10)
    s3.put_object(Bucket=MAIN, Key="copy/from here", Body=data, ContentType="a/b", Metadata={"m": "1"})
    source = {"Bucket": MAIN, "Key": "copy/from here"}
    s3.copy_object(Bucket=MAIN, Key="copy/to", CopySource=source)
    got = s3.get_object(Bucket=MAIN, Key="copy/to")
    assert got["Body"].read() == data and got["ContentType"] == "a/b" and got["Metadata"] == {"m": "1"}
    s3.copy_object(Bucket=MAIN, Key="copy/to", CopySource=source, MetadataDirective="REPLACE", Metadata={"n": "2"}, ContentType="c/d")
    got = s3.head_object(Bucket=MAIN, Key="copy/to")
    assert got["Metadata"] == {"n": "2"} and got["ContentType"] == "c/d", got
    refused("InvalidRequest", s3.copy_object, 400, Bucket=MAIN, Key="copy/from here", CopySource=source)
    refused("PreconditionFailed", s3.copy_object, 412, Bucket=MAIN, Key="copy/x", CopySource=source, CopySourceIfMatch='"0"')
    refused("NoSuchKey", s3.copy_object, 404, Bucket=MAIN, Key="copy/x", CopySource={"Bucket": MAIN, "Key": "copy/none"})
    s3.copy(source, MAIN, "copy/managed")
    assert s3.get_object(Bucket=MAIN, Key="copy/managed")["Body"].read() == data


def check_rename():
    data = body(50_000, 12)
    written = s3.put_object(Bucket=MAIN, Key="rename/old name", Body=data, ContentType="a/b", Metadata={"m": "1"}, Tagging="t=1")
    head = s3.head_object(Bucket=MAIN, Key="rename/old name")
    s3.rename_object(Bucket=MAIN, Key="rename/new", RenameSource="rename/old%20name", DestinationIfNoneMatch="*", SourceIfMatch=written["ETag"])
    got = s3.get_object(Bucket=MAIN, Key="rename/new")
    assert got["Body"].read() == data and got["ContentType"] == "a/b" and got["Metadata"] == {"m": "1"} and got["TagCount"] == 1, got
    assert got["ETag"] == written["ETag"] and got["LastModified"] == head["LastModified"]
    refused("NoSuchKey", s3.get_object, 404, Bucket=MAIN, Key="rename/old name")
    refused("NoSuchKey", s3.rename_object, 404, Bucket=MAIN, Key="rename/x", RenameSource="rename/none")
    s3.put_object(Bucket=MAIN, Key="rename/taken", Body=b"x")
    refused("PreconditionFailed", s3.rename_object, 412, Bucket=MAIN, Key="rename/taken", RenameSource="rename/new", DestinationIfNoneMatch="*")
    again = {"Bucket": MAIN, "Key": "rename/taken", "RenameSource": f"/{MAIN}/rename/new", "ClientToken": "only-once"}
    s3.rename_object(**again)
    s3.rename_object(**again)
    refused("IdempotencyParameterMismatch", s3.rename_object, 400, **dict(again, Key="rename/x"))
    assert s3.get_object(Bucket=MAIN, Key="rename/taken")["Body"].read() == data
    upload = s3.create_multipart_upload(Bucket=MAIN, Key="rename/parts")["UploadId"]
    parts = [{"PartNumber": n, "ETag": s3.upload_part(Bucket=MAIN, Key="rename/parts", UploadId=upload, PartNumber=n, Body=body(PART if n == 1 else 1000, n))["ETag"]} for n in (1, 2)]
    s3.complete_multipart_upload(Bucket=MAIN, Key="rename/parts", UploadId=upload, MultipartUpload={"Parts": parts})
    s3.rename_object(Bucket=MAIN, Key="rename/parts/moved", RenameSource="rename/parts")
    assert s3.get_object(Bucket=MAIN, Key="rename/parts/moved")["Body"].read() == body(PART, 1) + body(1000, 2)
    assert s3.head_object(Bucket=MAIN, Key="rename/parts/moved", PartNumber=2)["ContentLength"] == 1000


def check_annotations():
    name = {"Bucket": MAIN, "Key": "notes/o"}
    etag = s3.put_object(Body=b"object", **name)["ETag"]
    text = "{\"label\": \"café\"}".encode()
    put = s3.put_object_annotation(AnnotationName="ml.labels", AnnotationPayload=text, ObjectIfMatch=etag, **name)
    assert put["AnnotationName"] == "ml.labels" and put["Key"] == "notes/o" and put["ETag"] == f'"{hashlib.md5(text).hexdigest()}"', put
    got = s3.get_object_annotation(AnnotationName="ml.labels", ChecksumMode="ENABLED", **name)
    assert got["AnnotationPayload"].read() == text and got["ETag"] == put["ETag"] and got["ChecksumType"] == "FULL_OBJECT", got
    for algorithm in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"):
        put = s3.put_object_annotation(AnnotationName=f"sum-{algorithm}", AnnotationPayload=text, ChecksumAlgorithm=algorithm, **name)
        got = s3.get_object_annotation(AnnotationName=f"sum-{algorithm}", ChecksumMode="ENABLED", **name)
        assert got["AnnotationPayload"].read() == text and got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"], got
    large = b"x" * (1 << 20)
    s3.put_object_annotation(AnnotationName="large", AnnotationPayload=large, **name)
    assert s3.get_object_annotation(AnnotationName="large", **name)["AnnotationPayload"].read() == large
    names = ["large", "ml.labels", "sum-CRC32", "sum-CRC32C", "sum-CRC64NVME", "sum-SHA1", "sum-SHA256"]
    page = s3.list_object_annotations(**name)
    assert [a["AnnotationName"] for a in page["Annotations"]] == names and page["AnnotationCount"] == 7, page
    assert page["Annotations"][1]["Size"] == len(text) and page["Annotations"][2]["ChecksumAlgorithm"] == ["CRC32"], page
    pages = list(s3.get_paginator("list_object_annotations").paginate(AnnotationPrefix="sum", PaginationConfig={"PageSize": 2}, **name)) if s3.can_paginate("list_object_annotations") else []
    if pages:
        assert [a["AnnotationName"] for p in pages for a in p["Annotations"]] == names[2:] and len(pages) == 3, pages
    s3.copy_object(Bucket=MAIN, Key="notes/copy", CopySource=name)
    assert s3.list_object_annotations(Bucket=MAIN, Key="notes/copy")["AnnotationCount"] == 7
    assert s3.get_object_annotation(Bucket=MAIN, Key="notes/copy", AnnotationName="large")["AnnotationPayload"].read() == large
    s3.copy_object(Bucket=MAIN, Key="notes/bare", CopySource=name, AnnotationDirective="EXCLUDE")
    assert s3.list_object_annotations(Bucket=MAIN, Key="notes/bare")["AnnotationCount"] == 0
    s3.rename_object(Bucket=MAIN, Key="notes/moved", RenameSource="notes/copy")
    assert s3.get_object_annotation(Bucket=MAIN, Key="notes/moved", AnnotationName="ml.labels")["AnnotationPayload"].read() == text
    s3.delete_object_annotation(AnnotationName="large", **name)
    s3.delete_object_annotation(AnnotationName="large", **name)
    refused("NoSuchAnnotation", s3.get_object_annotation, 404, AnnotationName="large", **name)
    refused("InvalidAnnotationName", s3.put_object_annotation, 400, AnnotationName="aws-x", AnnotationPayload=b"x", **name)
    refused("AnnotationNameTooLong", s3.put_object_annotation, 400, AnnotationName="x" * 513, AnnotationPayload=b"x", **name)
    refused("UnsupportedMediaType", s3.put_object_annotation, 415, AnnotationName="x", AnnotationPayload=b"\xff", **name)
    refused("PreconditionFailed", s3.put_object_annotation, 412, AnnotationName="x", AnnotationPayload=b"x", ObjectIfMatch='"0"', **name)
    refused("NoSuchKey", s3.put_object_annotation, 404, Bucket=MAIN, Key="notes/none", AnnotationName="x", AnnotationPayload=b"x")
    assert s3.head_object(**name)["ETag"] == etag


def check_append():
    data = b""
    for n in (0, 100, 50_000, 30):
        more = body(n + 1, 13 + n)
        put = s3.put_object(Bucket=MAIN, Key="append/log", Body=more, WriteOffsetBytes=len(data))
        data += more
        assert put["Size"] == len(data), put
        got = s3.get_object(Bucket=MAIN, Key="append/log", ChecksumMode="ENABLED")
        assert got["Body"].read() == data and got["ETag"] == put["ETag"], put
        assert got.get("ChecksumType") == "FULL_OBJECT", got
    assert s3.get_object(Bucket=MAIN, Key="append/log", Range="bytes=90-50140")["Body"].read() == data[90:50141]
    refused("InvalidWriteOffset", s3.put_object, 400, Bucket=MAIN, Key="append/log", Body=b"x", WriteOffsetBytes=3)
    refused("NoSuchKey", s3.put_object, 404, Bucket=MAIN, Key="append/none", Body=b"x", WriteOffsetBytes=3)
    refused("PreconditionFailed", s3.put_object, 412, Bucket=MAIN, Key="append/log", Body=b"x", WriteOffsetBytes=len(data), IfMatch='"0"')
    attributes = s3.get_object_attributes(Bucket=MAIN, Key="append/log", ObjectAttributes=["ObjectParts", "ObjectSize", "Checksum"])
    assert attributes["ObjectSize"] == len(data) and attributes["ObjectParts"]["TotalPartsCount"] == 2, attributes
    assert [p["PartNumber"] for p in attributes["ObjectParts"]["Parts"]] == [1, 2], attributes
    s3.copy_object(Bucket=MAIN, Key="append/copy", CopySource={"Bucket": MAIN, "Key": "append/log"})
    assert s3.get_object(Bucket=MAIN, Key="append/copy")["Body"].read() == data


def check_versioning():
    b = BUCKET + "-versions"
    s3.create_bucket(Bucket=b)
    assert "Status" not in s3.get_bucket_versioning(Bucket=b)
    null = s3.put_object(Bucket=b, Key="k", Body=b"before")
    assert "VersionId" not in null
    s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
    ids = [s3.put_object(Bucket=b, Key="k", Body=b"%d" % i)["VersionId"] for i in range(3)]
    assert s3.get_object(Bucket=b, Key="k", VersionId="null")["Body"].read() == b"before"
    assert s3.get_object(Bucket=b, Key="k", VersionId=ids[0])["Body"].read() == b"0"
    gone = s3.delete_object(Bucket=b, Key="k")
    assert gone["DeleteMarker"] is True
    refused("NoSuchKey", s3.get_object, 404, Bucket=b, Key="k")
    refused("405", s3.head_object, 405, Bucket=b, Key="k", VersionId=gone["VersionId"])
    listing = s3.list_object_versions(Bucket=b)
    assert [v["VersionId"] for v in listing["Versions"]] == ids[::-1] + ["null"], listing
    assert [m["VersionId"] for m in listing["DeleteMarkers"]] == [gone["VersionId"]] and listing["DeleteMarkers"][0]["IsLatest"]
    s3.delete_object(Bucket=b, Key="k", VersionId=gone["VersionId"])
    assert s3.get_object(Bucket=b, Key="k")["Body"].read() == b"2"
    s3.delete_object(Bucket=b, Key="k", VersionId=ids[2])
    assert s3.get_object(Bucket=b, Key="k")["Body"].read() == b"1"
    s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=b, Key="k", Body=b"suspended")
    assert s3.get_object(Bucket=b, Key="k", VersionId="null")["Body"].read() == b"suspended"
    s3.copy_object(Bucket=b, Key="restored", CopySource={"Bucket": b, "Key": "k", "VersionId": ids[0]})
    assert s3.get_object(Bucket=b, Key="restored")["Body"].read() == b"0"
    refused("BucketNotEmpty", s3.delete_bucket, 409, Bucket=b)
    empty(b)


def check_listing():
    b = BUCKET + "-list"
    s3.create_bucket(Bucket=b)
    names = [f"d{i % 7}/f{i:03}" for i in range(60)] + ["top a", "top+b", "\u00e4/x", "d1"]
    for n in names:
        s3.put_object(Bucket=b, Key=n, Body=n.encode())
    want = sorted(names, key=lambda n: n.encode())
    for op in ("list_objects", "list_objects_v2"):
        for size in (1, 3, 1000):
            config = {"PageSize": size}
            got = [c["Key"] for p in s3.get_paginator(op).paginate(Bucket=b, PaginationConfig=config) for c in p.get("Contents", [])]
            assert got == want, (op, size, got)
            keys_, prefixes = [], []
            for p in s3.get_paginator(op).paginate(Bucket=b, Delimiter="/", PaginationConfig=config):
                keys_ += [c["Key"] for c in p.get("Contents", [])]
                prefixes += [c["Prefix"] for c in p.get("CommonPrefixes", [])]
            assert prefixes == [f"d{i}/" for i in range(7)] + ["\u00e4/"], (op, size, prefixes)
            assert keys_ == [n for n in want if "/" not in n], (op, size, keys_)
    got = s3.list_objects_v2(Bucket=b, Prefix="d3/", StartAfter="d3/f024")["Contents"]
    assert [c["Key"] for c in got] == [n for n in want if n.startswith("d3/") and n > "d3/f024"]
    assert got[0]["Size"] == len(got[0]["Key"]) and got[0]["ETag"]
    assert s3.list_objects_v2(Bucket=b, MaxKeys=0)["KeyCount"] == 0
    owner = s3.list_objects_v2(Bucket=b, MaxKeys=1, FetchOwner=True)["Contents"][0]
    assert owner["Owner"]["ID"]
    empty(b)


def check_delete_objects():
    names = [f"del/{i}" for i in range(20)] + ["del/a&b<c>", "del/\u00e4", "del/'q'"]
    for n in names:
        s3.put_object(Bucket=MAIN, Key=n, Body=b"x")
    gone = s3.delete_objects(Bucket=MAIN, Delete={"Objects": [{"Key": n} for n in names] + [{"Key": "del/never"}]})
    assert sorted(d["Key"] for d in gone["Deleted"]) == sorted(names + ["del/never"]) and "Errors" not in gone
    s3.put_object(Bucket=MAIN, Key="del/q", Body=b"x")
    assert "Deleted" not in s3.delete_objects(Bucket=MAIN, Delete={"Objects": [{"Key": "del/q"}], "Quiet": True})
    assert s3.list_objects_v2(Bucket=MAIN, Prefix="del/")["KeyCount"] == 0


def check_tagging():
    s3.put_object(Bucket=MAIN, Key="tags", Body=b"x")
    tags = [{"Key": "k\u00e4y", "Value": "a + b"}, {"Key": "empty", "Value": ""}]
    s3.put_object_tagging(Bucket=MAIN, Key="tags", Tagging={"TagSet": tags})
    got = s3.get_object_tagging(Bucket=MAIN, Key="tags")["TagSet"]
    assert sorted(got, key=str) == sorted(tags, key=str), got
    s3.delete_object_tagging(Bucket=MAIN, Key="tags")
    assert s3.get_object_tagging(Bucket=MAIN, Key="tags")["TagSet"] == []
    many = [{"Key": str(i), "Value": ""} for i in range(51)]
    err = refused_any(s3.put_object_tagging, Bucket=MAIN, Key="tags", Tagging={"TagSet": many})
    assert err in ("BadRequest", "InvalidTag"), err


def refused_any(fn, **args):
    try:
        fn(**args)
    except ClientError as e:
        return e.response["Error"]["Code"]
    raise AssertionError("not refused")


def check_presigned():
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
    url = s3.generate_presigned_url("put_object", Params={"Bucket": MAIN, "Key": "pre signed+1", "ContentType": "x/y"}, ExpiresIn=60)
    status, text = fetch(url, "PUT", b"by url", {"Content-Type": "x/y"})
    assert status == 200, text
    url = s3.generate_presigned_url("get_object", Params={"Bucket": MAIN, "Key": "pre signed+1", "ResponseContentType": "q/r"}, ExpiresIn=60)
    assert fetch(url) == (200, b"by url")
    status, text = fetch(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"))
    assert status == 403 and b"SignatureDoesNotMatch" in text, text
    url = s3.generate_presigned_url("head_object", Params={"Bucket": MAIN, "Key": "pre signed+1"})
    assert fetch(url, "HEAD")[0] == 200
    url = s3.generate_presigned_url("delete_object", Params={"Bucket": MAIN, "Key": "pre signed+1"})
    assert fetch(url, "DELETE")[0] == 204


def check_anonymous_and_strangers_refused():
    anonymous = boto3.client("s3", config=Config(signature_version=UNSIGNED))
    s3.put_object(Bucket=MAIN, Key="private", Body=b"x")
    refused("AccessDenied", anonymous.get_object, 403, Bucket=MAIN, Key="private")
    refused("AccessDenied", anonymous.put_object, 403, Bucket=MAIN, Key="private", Body=b"y")
    refused("AccessDenied", anonymous.list_objects_v2, 403, Bucket=MAIN)
    stranger = boto3.client("s3", aws_access_key_id="AKIANOBODYHERE", aws_secret_access_key="x")
    refused("InvalidAccessKeyId", stranger.get_object, 403, Bucket=MAIN, Key="private")
    wrong = boto3.client("s3", aws_secret_access_key="wrong", aws_access_key_id=s3._request_signer._credentials.access_key)
    refused("SignatureDoesNotMatch", wrong.get_object, 403, Bucket=MAIN, Key="private")
    assert s3.get_object(Bucket=MAIN, Key="private")["Body"].read() == b"x"


def check_error_codes():
    none = BUCKET + "-none"
    refused("NoSuchBucket", s3.list_objects_v2, 404, Bucket=none)
    refused("NoSuchBucket", s3.put_object, 404, Bucket=none, Key="k", Body=b"x")
    refused("NoSuchBucket", s3.delete_bucket, 404, Bucket=none)
    refused("404", s3.head_bucket, 404, Bucket=none)
    refused("NoSuchKey", s3.get_object, 404, Bucket=MAIN, Key="no such key")
    refused("404", s3.head_object, 404, Bucket=MAIN, Key="no such key")
    refused("NoSuchUpload", s3.upload_part, 404, Bucket=MAIN, Key="k", UploadId="none", PartNumber=1, Body=b"x")
    refused("InvalidBucketName", s3.create_bucket, 400, Bucket="No_Such_Name.")
    refused("BucketNotEmpty", s3.delete_bucket, 409, Bucket=MAIN)
    e = refused("KeyTooLongError", s3.put_object, 400, Bucket=MAIN, Key="k" * 1025, Body=b"x")
    assert e["ResponseMetadata"]["RequestId"] and e["ResponseMetadata"]["HostId"], e
    never = refused_any(s3.get_object, Bucket=MAIN, Key="private", VersionId="00000000000000000000000000000000")
    assert never in ("NoSuchVersion", "InvalidArgument"), never


def one_key(bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"m": "1"})
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(key.encode())
    listing = s3.list_objects_v2(Bucket=bucket, Prefix=key)
    assert key in [c["Key"] for c in listing["Contents"]], listing
    s3.copy_object(Bucket=bucket, Key="copy of it", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="copy of it")["Body"].read() == key.encode()
    s3.delete_object(Bucket=bucket, Key=key)
    if in_xml(key):
        refused("NoSuchKey", s3.get_object, 404, Bucket=bucket, Key=key)
    else:  # the error names the key, so botocore may not read it
        assert refused_any(s3.get_object, Bucket=bucket, Key=key) in ("NoSuchKey", "404")


# A character that XML 1.0 does not have cannot be named in the body of DeleteObjects.
def in_xml(key):
    return all(c in "\t\n\r" or " " <= c <= "\ufffd" or c > "\uffff" for c in key)


def odd_keys():
    b = BUCKET + "-keys"
    s3.create_bucket(Bucket=b)
    for name, key in keys():
        run("key_" + name.replace(" ", "_"), one_key, b, key)

    def batch():
        for _, key in keys():
            s3.put_object(Bucket=b, Key=key, Body=b"x")
        if any(in_xml(k) for _, k in keys()):
            s3.delete_objects(Bucket=b, Delete={"Objects": [{"Key": k} for _, k in keys() if in_xml(k)]})
        left = sorted(c["Key"] for p in s3.get_paginator("list_objects_v2").paginate(Bucket=b) for c in p.get("Contents", []))
        assert left == sorted([k for _, k in keys() if not in_xml(k)] + ["copy of it"]), left
        for k in left:
            s3.delete_object(Bucket=b, Key=k)
        s3.delete_bucket(Bucket=b)

    run("keys_deleted_together", batch)


def check_cleanup():
    empty(MAIN)
    refused("404", s3.head_bucket, 404, Bucket=MAIN)


cleanup = check_cleanup
del check_cleanup
run_all(sys.modules[__name__])
algorithms()
odd_keys()
run("cleanup", cleanup)
done()
