"""What Python programs do with Object Lock, quotas and the tags of buckets."""

import datetime
import json
import os
import sys
import time
import urllib.request

import boto3
from botocore.exceptions import ClientError

from boto3_checks import refused
from checks import BUCKET, done, run_all

s3 = boto3.client("s3")
LOCKED = BUCKET + "-locked"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]


def later(**delta):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**delta)).replace(microsecond=0)


def destroy(bucket, key, version, **args):
    s3.delete_object(Bucket=bucket, Key=key, VersionId=version, **args)


def check_bucket():
    s3.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True)
    assert s3.get_bucket_versioning(Bucket=LOCKED)["Status"] == "Enabled"
    assert s3.get_object_lock_configuration(Bucket=LOCKED)["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    refused("InvalidBucketState", s3.put_bucket_versioning, 409, Bucket=LOCKED, VersioningConfiguration={"Status": "Suspended"})


def check_bucket_without():
    b = BUCKET + "-without"
    s3.create_bucket(Bucket=b)
    refused("ObjectLockConfigurationNotFoundError", s3.get_object_lock_configuration, 404, Bucket=b)
    config = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}}
    refused("InvalidBucketState", s3.put_object_lock_configuration, 409, Bucket=b, ObjectLockConfiguration=config)
    refused("InvalidRequest", s3.put_object, 400, Bucket=b, Key="k", Body=b"x", ObjectLockLegalHoldStatus="ON")
    s3.put_object(Bucket=b, Key="k", Body=b"x")
    refused("InvalidRequest", s3.get_object_retention, 400, Bucket=b, Key="k")
    refused("InvalidRequest", s3.put_object_legal_hold, 400, Bucket=b, Key="k", LegalHold={"Status": "ON"})
    s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(Bucket=b, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    s3.put_object_legal_hold(Bucket=b, Key="k", LegalHold={"Status": "ON"})
    refused("AccessDenied", s3.delete_object, 403, Bucket=b, Key="k", VersionId="null", BypassGovernanceRetention=True)


def check_default_retention():
    for rule in ({"Mode": "GOVERNANCE", "Days": 0}, {"Mode": "GOVERNANCE", "Days": -1}, {"Mode": "COMPLIANCE", "Years": 101}):
        refused("InvalidRetentionPeriod", s3.put_object_lock_configuration, 400, Bucket=LOCKED,
                ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": rule}})
    for rule in ({"Mode": "GOVERNANCE", "Days": 1, "Years": 1}, {"Mode": "abc", "Days": 1}, {"Mode": "GOVERNANCE"}, {"Days": 1}):
        refused("MalformedXML", s3.put_object_lock_configuration, 400, Bucket=LOCKED,
                ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": rule}})
    config = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 1}}}
    s3.put_object_lock_configuration(Bucket=LOCKED, ObjectLockConfiguration=config)
    assert s3.get_object_lock_configuration(Bucket=LOCKED)["ObjectLockConfiguration"] == config
    version = s3.put_object(Bucket=LOCKED, Key="default", Body=b"x")["VersionId"]
    got = s3.head_object(Bucket=LOCKED, Key="default")
    assert got["ObjectLockMode"] == "GOVERNANCE" and got["ObjectLockRetainUntilDate"] > later(days=364), got
    assert s3.get_object_retention(Bucket=LOCKED, Key="default")["Retention"]["RetainUntilDate"] == got["ObjectLockRetainUntilDate"]
    refused("AccessDenied", destroy, bucket=LOCKED, key="default", version=version)
    destroy(LOCKED, "default", version, BypassGovernanceRetention=True)
    s3.put_object_lock_configuration(Bucket=LOCKED, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})


def check_retention():
    version = s3.put_object(Bucket=LOCKED, Key="r", Body=b"x")["VersionId"]
    refused("NoSuchObjectLockConfiguration", s3.get_object_retention, 404, Bucket=LOCKED, Key="r")
    want = {"Mode": "GOVERNANCE", "RetainUntilDate": later(days=2)}
    s3.put_object_retention(Bucket=LOCKED, Key="r", Retention=want)
    assert s3.get_object_retention(Bucket=LOCKED, Key="r", VersionId=version)["Retention"] == want
    s3.put_object_retention(Bucket=LOCKED, Key="r", Retention=want)
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": later(days=1)}
    refused("AccessDenied", s3.put_object_retention, 403, Bucket=LOCKED, Key="r", Retention=shorter)
    s3.put_object_retention(Bucket=LOCKED, Key="r", Retention=shorter, BypassGovernanceRetention=True)
    refused("AccessDenied", s3.put_object_retention, 403, Bucket=LOCKED, Key="r", Retention={})
    refused("MalformedXML", s3.put_object_retention, 400, Bucket=LOCKED, Key="r", Retention={"Mode": "abc", "RetainUntilDate": later(days=3)})
    refused("MalformedXML", s3.put_object_retention, 400, Bucket=LOCKED, Key="r", Retention={"Mode": "GOVERNANCE"})
    refused("InvalidArgument", s3.put_object_retention, 400, Bucket=LOCKED, Key="r", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": later(days=-1)})
    s3.put_object_retention(Bucket=LOCKED, Key="r", Retention={}, BypassGovernanceRetention=True)
    destroy(LOCKED, "r", version)
    refused("NoSuchKey", s3.get_object_retention, 404, Bucket=LOCKED, Key="none")


def check_compliance():
    until = later(seconds=3)
    version = s3.put_object(Bucket=LOCKED, Key="c", Body=b"x", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)["VersionId"]
    got = s3.get_object(Bucket=LOCKED, Key="c")
    assert got["ObjectLockMode"] == "COMPLIANCE" and got["ObjectLockRetainUntilDate"] == until, got
    refused("AccessDenied", destroy, bucket=LOCKED, key="c", version=version, BypassGovernanceRetention=True)
    refused("AccessDenied", s3.put_object_retention, 403, Bucket=LOCKED, Key="c", Retention={}, BypassGovernanceRetention=True)
    marker = s3.delete_object(Bucket=LOCKED, Key="c")["VersionId"]
    destroy(LOCKED, "c", marker)
    for _ in range(100):
        try:
            return destroy(LOCKED, "c", version)
        except ClientError as e:
            assert e.response["Error"]["Code"] == "AccessDenied", e.response
            time.sleep(0.1)
    raise AssertionError("still there")


def check_hold():
    refused("InvalidArgument", s3.put_object, 400, Bucket=LOCKED, Key="h", Body=b"x", ObjectLockLegalHoldStatus="on")
    version = s3.put_object(Bucket=LOCKED, Key="h", Body=b"x", ObjectLockLegalHoldStatus="ON")["VersionId"]
    assert s3.get_object_legal_hold(Bucket=LOCKED, Key="h")["LegalHold"] == {"Status": "ON"}
    assert s3.head_object(Bucket=LOCKED, Key="h")["ObjectLockLegalHoldStatus"] == "ON"
    refused("AccessDenied", destroy, bucket=LOCKED, key="h", version=version, BypassGovernanceRetention=True)
    refused("MalformedXML", s3.put_object_legal_hold, 400, Bucket=LOCKED, Key="h", LegalHold={"Status": "abc"})
    s3.put_object_legal_hold(Bucket=LOCKED, Key="h", VersionId=version, LegalHold={"Status": "OFF"})
    assert s3.get_object_legal_hold(Bucket=LOCKED, Key="h", VersionId=version)["LegalHold"] == {"Status": "OFF"}
    destroy(LOCKED, "h", version)


def check_copy_and_upload():
    until = later(days=1)
    args = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until, "ObjectLockLegalHoldStatus": "ON"}
    s3.put_object(Bucket=LOCKED, Key="source", Body=b"x")
    s3.copy_object(Bucket=LOCKED, Key="copy", CopySource={"Bucket": LOCKED, "Key": "source"}, **args)
    up = s3.create_multipart_upload(Bucket=LOCKED, Key="upload", **args)["UploadId"]
    etag = s3.upload_part(Bucket=LOCKED, Key="upload", UploadId=up, PartNumber=1, Body=b"part")["ETag"]
    s3.complete_multipart_upload(Bucket=LOCKED, Key="upload", UploadId=up, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    for key in ("copy", "upload"):
        got = s3.head_object(Bucket=LOCKED, Key=key)
        assert {k: got.get(k) for k in args} == args, got
        s3.put_object_legal_hold(Bucket=LOCKED, Key=key, LegalHold={"Status": "OFF"})


def check_batch_and_end():
    held = s3.put_object(Bucket=LOCKED, Key="held", Body=b"x", ObjectLockLegalHoldStatus="ON")["VersionId"]
    while True:
        found = s3.list_object_versions(Bucket=LOCKED)
        keys = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in found.get("Versions", []) + found.get("DeleteMarkers", [])]
        got = s3.delete_objects(Bucket=LOCKED, Delete={"Objects": keys}, BypassGovernanceRetention=True)
        assert [(e["Key"], e["VersionId"], e["Code"]) for e in got.get("Errors", [])] == [("held", held, "AccessDenied")], got
        assert len(got.get("Deleted", [])) == len(keys) - 1, got
        if len(keys) == 1:
            break
    refused("BucketNotEmpty", s3.delete_bucket, 409, Bucket=LOCKED)
    s3.put_object_legal_hold(Bucket=LOCKED, Key="held", LegalHold={"Status": "OFF"})
    destroy(LOCKED, "held", held)
    s3.delete_bucket(Bucket=LOCKED)


def quota(method, path, body=None):
    req = urllib.request.Request(ENDPOINT + path + "?quota", method=method, data=body and json.dumps(body).encode(), headers={
        "X-Access-Key": os.environ["AWS_ACCESS_KEY_ID"], "X-Secret-Key": os.environ["AWS_SECRET_ACCESS_KEY"], "Content-Type": "application/json"})
    with urllib.request.urlopen(req, timeout=60) as resp:
        text = resp.read()
        return json.loads(text) if text else None


def check_quota():
    b = BUCKET + "-quota"
    s3.create_bucket(Bucket=b)
    quota("PUT", f"/bucket/{b}", {"max_bytes": 6 << 20, "max_objects": 2})
    s3.put_object(Bucket=b, Key="a", Body=b"x" * (1 << 20))
    assert quota("GET", "/" + b) == {"quota": {"max_bytes": 6 << 20, "max_objects": 2}, "usage": {"bytes": 1 << 20, "objects": 1}}
    refused("QuotaExceeded", s3.put_object, 400, Bucket=b, Key="b", Body=b"x" * (6 << 20))
    up = s3.create_multipart_upload(Bucket=b, Key="b")["UploadId"]
    parts = [{"PartNumber": n, "ETag": s3.upload_part(Bucket=b, Key="b", UploadId=up, PartNumber=n, Body=b"x" * (5 << 20))["ETag"]} for n in (1, 2)]
    refused("QuotaExceeded", s3.complete_multipart_upload, 400, Bucket=b, Key="b", UploadId=up, MultipartUpload={"Parts": parts})
    s3.abort_multipart_upload(Bucket=b, Key="b", UploadId=up)
    s3.copy_object(Bucket=b, Key="b", CopySource={"Bucket": b, "Key": "a"})
    refused("QuotaExceeded", s3.copy_object, 400, Bucket=b, Key="c", CopySource={"Bucket": b, "Key": "a"})
    quota("PUT", "/" + b, {"max_bytes": None, "max_objects": None})
    s3.copy_object(Bucket=b, Key="c", CopySource={"Bucket": b, "Key": "a"})


def check_bucket_tags():
    b = BUCKET + "-tags"
    s3.create_bucket(Bucket=b)
    refused("NoSuchTagSet", s3.get_bucket_tagging, 404, Bucket=b)
    tags = [{"Key": "Umgebung", "Value": "größer & <besser>"}, {"Key": " leer ", "Value": ""}]
    s3.put_bucket_tagging(Bucket=b, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=b)["TagSet"] == tags
    many = [{"Key": str(i), "Value": "v"} for i in range(51)]
    refused("InvalidTag", s3.put_bucket_tagging, 400, Bucket=b, Tagging={"TagSet": many})
    s3.put_bucket_tagging(Bucket=b, Tagging={"TagSet": many[:50]})
    assert len(s3.get_bucket_tagging(Bucket=b)["TagSet"]) == 50
    refused("InvalidTag", s3.put_bucket_tagging, 400, Bucket=b, Tagging={"TagSet": [{"Key": "aws:x", "Value": ""}]})
    s3.delete_bucket_tagging(Bucket=b)
    refused("NoSuchTagSet", s3.get_bucket_tagging, 404, Bucket=b)


run_all(sys.modules[__name__])
done()
