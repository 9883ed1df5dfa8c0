"""What Python programs do with encryption by the server, under keys of the server, of the KMS and of their own."""

import base64
import hashlib
import io
import json
import os
import sys
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from boto3_checks import body
from checks import BUCKET, done, run, run_all

s3 = boto3.client("s3")
MAIN = BUCKET + "-main"
PART = 5 << 20
KEY, OTHER = os.urandom(32), os.urandom(32)
MINE = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
THEIRS = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": OTHER}
WRITTEN = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": base64.b64encode(KEY).decode()}  # as it is sent: botocore leaves it alone where an MD5 is given
FROM_MINE = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": KEY}
SMALL = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)


def md5(b):
    return base64.b64encode(hashlib.md5(b).digest()).decode()


def refused(codes, fn, status=None, **args):
    """fn has to be refused with one of these error codes."""
    try:
        fn(**args)
    except ClientError as e:
        assert e.response["Error"]["Code"] in codes.split(), e.response
        if status:
            assert e.response["ResponseMetadata"]["HTTPStatusCode"] == status, e.response
        return
    raise AssertionError(f"not refused, want {codes}")


def admin(method, path, body=None):
    req = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + path, method=method, data=body and json.dumps(body).encode(), headers={
        "X-Access-Key": os.environ["AWS_ACCESS_KEY_ID"], "X-Secret-Key": os.environ["AWS_SECRET_ACCESS_KEY"], "Content-Type": "application/json"})
    with urllib.request.urlopen(req, timeout=60) as resp:
        text = resp.read()
        return json.loads(text) if text else None


def bucket(name):
    s3.create_bucket(Bucket=f"{BUCKET}-{name}")
    return f"{BUCKET}-{name}"


s3.create_bucket(Bucket=MAIN)
KMS = admin("POST", "/kms/keys", {"description": "of boto3"})["KeyMetadata"]
KMS_ID = KMS["KeyId"]

# How an object may be encrypted: the arguments of writes, those of reads, and what answers tell.
KINDS = {
    "server": ({"ServerSideEncryption": "AES256"}, {}, {"ServerSideEncryption": "AES256"}),
    "kms": ({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS_ID, "SSEKMSEncryptionContext": base64.b64encode(b'{"for": "boto3"}').decode()}, {},
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS["Arn"]}),
    "kms_default_key": ({"ServerSideEncryption": "aws:kms"}, {}, {"ServerSideEncryption": "aws:kms"}),
    "customer": (MINE, MINE, {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": md5(KEY)}),
}


def tells(answer, want):
    for k, v in want.items():
        assert answer.get(k) == v, (k, v, answer)


def one(kind):
    """Objects around the sizes where something changes, whole and in ranges."""
    write, read, want = KINDS[kind]
    for size in (0, 1, 17, 65535, 65536, 65537, 300_000, 3 << 20):
        key, data = f"{kind}/{size}", body(size, size)
        put = s3.put_object(Bucket=MAIN, Key=key, Body=data, Metadata={"m": "1"}, **write)
        tells(put, want)
        assert put["ETag"] == '"%s"' % hashlib.md5(data).hexdigest(), put
        got = s3.get_object(Bucket=MAIN, Key=key, **read)
        tells(got, want)
        assert got["Body"].read() == data and got["ContentLength"] == size and got["Metadata"] == {"m": "1"}, size
        head = s3.head_object(Bucket=MAIN, Key=key, **read)
        tells(head, want)
        assert head["ContentLength"] == size and head["ETag"] == put["ETag"]
        for first, last in ((0, 0), (size // 2, size - 1), (65530, 65540), (65536, 131071), (size - 1, size - 1), (100_000, 250_000)):
            if 0 <= first <= last and first < size:
                got = s3.get_object(Bucket=MAIN, Key=key, Range=f"bytes={first}-{last}", **read)
                assert got["Body"].read() == data[first:last + 1] and got["ResponseMetadata"]["HTTPStatusCode"] == 206, (size, first, last)
                assert got["ContentRange"] == f"bytes {first}-{min(last, size - 1)}/{size}", got
    listed = {c["Key"]: c["Size"] for c in s3.list_objects_v2(Bucket=MAIN, Prefix=f"{kind}/")["Contents"]}
    assert listed[f"{kind}/65537"] == 65537, listed


def multipart(kind):
    write, read, want = KINDS[kind]
    data = body(2 * PART + 12_345, 5)
    upload = s3.create_multipart_upload(Bucket=MAIN, Key=f"{kind}/hand", ChecksumAlgorithm="CRC32", **write)
    tells(upload, want)
    where = {"Bucket": MAIN, "Key": f"{kind}/hand", "UploadId": upload["UploadId"]}
    parts = []
    for n, first in enumerate(range(0, len(data), PART), 1):
        part = s3.upload_part(**where, PartNumber=n, Body=data[first:first + PART], ChecksumAlgorithm="CRC32", **read)
        tells(part, want)
        parts.append({"PartNumber": n, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    if kind == "customer":
        refused("InvalidRequest", s3.upload_part, 400, **where, PartNumber=4, Body=b"x")
        refused("InvalidRequest AccessDenied", s3.upload_part, None, **where, PartNumber=4, Body=b"x", **THEIRS)
    assert [p["Size"] for p in s3.list_parts(**where)["Parts"]] == [PART, PART, 12_345]
    made = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, **(read if kind == "customer" else {}))
    assert made["ETag"].endswith('-3"'), made
    got = s3.get_object(Bucket=MAIN, Key=where["Key"], **read)
    assert got["Body"].read() == data
    for first, last in ((PART - 3, PART + 3), (2 * PART - 1, 2 * PART), (3, len(data) - 3)):
        got = s3.get_object(Bucket=MAIN, Key=where["Key"], Range=f"bytes={first}-{last}", **read)
        assert got["Body"].read() == data[first:last + 1], (first, last)
    assert s3.get_object(Bucket=MAIN, Key=where["Key"], PartNumber=2, **read)["Body"].read() == data[PART:2 * PART]
    opened = dict(WRITTEN, SSECustomerKeyMD5=md5(KEY)) if read else {}
    attributes = s3.get_object_attributes(Bucket=MAIN, Key=where["Key"], ObjectAttributes=["ObjectParts", "ObjectSize", "Checksum"], **opened)
    assert attributes["ObjectSize"] == len(data) and attributes["ObjectParts"]["TotalPartsCount"] == 3, attributes
    # The transfer manager, which hands the arguments on to each request that takes them.
    s3.upload_fileobj(io.BytesIO(data), MAIN, f"{kind}/managed", ExtraArgs=dict(write), Config=SMALL)
    back = io.BytesIO()
    s3.download_fileobj(MAIN, f"{kind}/managed", back, ExtraArgs=dict(read), Config=SMALL)
    assert back.getvalue() == data


def copies(kind):
    """From each kind to this one, in one request, in parts, and onto itself."""
    write, read, want = KINDS[kind]
    data = body(200_000, 6)
    for name, (from_write, from_read, _) in dict(KINDS, plain=({}, {}, {})).items():
        s3.put_object(Bucket=MAIN, Key="copy/from", Body=data, ContentType="a/b", **from_write)
        opened = FROM_MINE if from_read else {}
        source = {"Bucket": MAIN, "Key": "copy/from"}
        made = s3.copy_object(Bucket=MAIN, Key="copy/to", CopySource=source, **opened, **write)
        tells(made, want)
        got = s3.get_object(Bucket=MAIN, Key="copy/to", **read)
        tells(got, want)
        assert got["Body"].read() == data and got["ContentType"] == "a/b", name
        if opened:
            refused("InvalidRequest AccessDenied", s3.copy_object, None, Bucket=MAIN, Key="copy/no", CopySource=source, **write)
        upload = s3.create_multipart_upload(Bucket=MAIN, Key="copy/parts", **write)["UploadId"]
        where = {"Bucket": MAIN, "Key": "copy/parts", "UploadId": upload}
        part = s3.upload_part_copy(**where, PartNumber=1, CopySource=source, CopySourceRange="bytes=1000-150000", **opened, **read)
        tells(part, want)
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]})
        assert s3.get_object(Bucket=MAIN, Key="copy/parts", **read)["Body"].read() == data[1000:150001], name
    # A new key for what is there, and out of encryption again.
    s3.put_object(Bucket=MAIN, Key="copy/self", Body=data)
    s3.copy_object(Bucket=MAIN, Key="copy/self", CopySource=f"{MAIN}/copy/self", **write)
    got = s3.get_object(Bucket=MAIN, Key="copy/self", **read)
    tells(got, want)
    assert got["Body"].read() == data


def check_customer_key_is_needed():
    s3.put_object(Bucket=MAIN, Key="mine", Body=b"secret", **MINE)
    for fn in (s3.get_object, s3.head_object):
        refused("InvalidRequest 400", fn, 400, Bucket=MAIN, Key="mine")
        refused("AccessDenied 403", fn, 403, Bucket=MAIN, Key="mine", **THEIRS)
    refused("InvalidArgument", s3.get_object, 400, Bucket=MAIN, Key="mine", SSECustomerKeyMD5=md5(OTHER), **WRITTEN)
    refused("InvalidArgument InvalidEncryptionAlgorithmError", s3.put_object, 400, Bucket=MAIN, Key="x", Body=b"x", SSECustomerAlgorithm="AES128", SSECustomerKey=KEY)
    refused("InvalidArgument", s3.put_object, 400, Bucket=MAIN, Key="x", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey=b"short")
    refused("InvalidArgument InvalidRequest", s3.put_object, 400, Bucket=MAIN, Key="x", Body=b"x", ServerSideEncryption="AES256", **MINE)
    refused("InvalidRequest", s3.copy_object, 400, Bucket=MAIN, Key="copied", CopySource=f"{MAIN}/mine")
    s3.put_object(Bucket=MAIN, Key="plain", Body=b"plain")
    refused("InvalidRequest", s3.get_object, 400, Bucket=MAIN, Key="plain", **MINE)
    s3.put_object_tagging(Bucket=MAIN, Key="mine", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})  # tags are not encrypted
    s3.delete_object(Bucket=MAIN, Key="mine")


def check_presigned():
    """The key is a header of the request, not of the URL."""
    url = boto3.client("s3", config=boto3.session.Config(signature_version="s3v4")).generate_presigned_url(
        "put_object", Params={"Bucket": MAIN, "Key": "signed", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}, ExpiresIn=60)
    assert base64.b64encode(KEY).decode() not in url
    headers = {"x-amz-server-side-encryption-customer-algorithm": "AES256", "x-amz-server-side-encryption-customer-key": base64.b64encode(KEY).decode(),
               "x-amz-server-side-encryption-customer-key-MD5": md5(KEY)}
    with urllib.request.urlopen(urllib.request.Request(url, data=b"by url", method="PUT", headers=headers), timeout=60) as resp:
        assert resp.status == 200
    assert s3.get_object(Bucket=MAIN, Key="signed", **MINE)["Body"].read() == b"by url"


def check_versions():
    b = bucket("versions")
    s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
    ids = [s3.put_object(Bucket=b, Key="k", Body=b"%d" % i, **how)["VersionId"] for i, how in enumerate(({}, MINE, THEIRS, {"ServerSideEncryption": "AES256"}))]
    for i, how in enumerate(({}, MINE, THEIRS, {})):
        assert s3.get_object(Bucket=b, Key="k", VersionId=ids[i], **how)["Body"].read() == b"%d" % i
    refused("AccessDenied", s3.get_object, 403, Bucket=b, Key="k", VersionId=ids[1], **THEIRS)


def check_bucket_encryption():
    b = bucket("default")

    def rule(algorithm, **more):
        return {"ApplyServerSideEncryptionByDefault": dict({"SSEAlgorithm": algorithm}, **more)}

    def set_to(*rules):
        s3.put_bucket_encryption(Bucket=b, ServerSideEncryptionConfiguration={"Rules": list(rules)})

    set_to(rule("AES256"))
    got = s3.get_bucket_encryption(Bucket=b)["ServerSideEncryptionConfiguration"]["Rules"]
    assert got[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}, got
    tells(s3.put_object(Bucket=b, Key="k", Body=b"x"), {"ServerSideEncryption": "AES256"})
    tells(s3.put_object(Bucket=b, Key="mine", Body=b"x", **MINE), {"SSECustomerKeyMD5": md5(KEY), "ServerSideEncryption": None})
    set_to(dict(rule("aws:kms", KMSMasterKeyID=KMS["Arn"]), BucketKeyEnabled=True))
    got = s3.get_bucket_encryption(Bucket=b)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert got["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KMS["Arn"]} and got["BucketKeyEnabled"] is True, got
    tells(s3.put_object(Bucket=b, Key="kms", Body=b"x"), {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS["Arn"]})
    s3.upload_fileobj(io.BytesIO(body(PART + 1)), b, "parts", Config=SMALL)
    tells(s3.head_object(Bucket=b, Key="parts"), {"ServerSideEncryption": "aws:kms"})
    tells(s3.copy_object(Bucket=b, Key="copied", CopySource=f"{b}/k"), {"ServerSideEncryption": "aws:kms"})
    tells(s3.put_object(Bucket=b, Key="own", Body=b"x", ServerSideEncryption="AES256"), {"ServerSideEncryption": "AES256"})
    for wrong in ([], [rule("AES256"), rule("AES256")], [rule("AES256", KMSMasterKeyID="k")], [rule("ROT13")]):
        try:
            set_to(*wrong)
        except ClientError as e:
            assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 400, (wrong, e.response)
        else:
            raise AssertionError(f"accepted {wrong}")
    assert s3.head_object(Bucket=b, Key="k")["ServerSideEncryption"] == "AES256"
    s3.delete_bucket_encryption(Bucket=b)
    assert "SSEKMSKeyId" not in s3.put_object(Bucket=b, Key="k", Body=b"x")


def check_annotations():
    for key, how in {"notes/s3": {"ServerSideEncryption": "AES256"}, "notes/kms": {"ServerSideEncryption": "aws:kms"}}.items():
        s3.put_object(Bucket=MAIN, Key=key, Body=b"object", **how)
        text = b"an annotation that nobody shall find " * 1000
        put = s3.put_object_annotation(Bucket=MAIN, Key=key, AnnotationName="n", AnnotationPayload=text)
        assert put["ServerSideEncryption"] == how["ServerSideEncryption"], put
        s3.copy_object(Bucket=MAIN, Key=key + ".copy", CopySource={"Bucket": MAIN, "Key": key}, ServerSideEncryption="AES256")
        for at in (key, key + ".copy"):
            assert s3.get_object_annotation(Bucket=MAIN, Key=at, AnnotationName="n", ChecksumMode="ENABLED")["AnnotationPayload"].read() == text
    s3.put_object(Bucket=MAIN, Key="notes/c", Body=b"object", **MINE)
    try:
        s3.put_object_annotation(Bucket=MAIN, Key="notes/c", AnnotationName="n", AnnotationPayload=b"x")
    except ClientError as e:
        assert e.response["Error"]["Code"] == "InvalidRequest", e.response
    else:
        raise AssertionError("an annotation of an object that a customer's key encrypts")


def check_kms_keys():
    key = admin("POST", "/kms/keys", {"description": "to go"})["KeyMetadata"]["KeyId"]
    s3.put_object(Bucket=MAIN, Key="kms", Body=b"secret", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    admin("POST", f"/kms/keys/{key}/rotate")
    assert s3.get_object(Bucket=MAIN, Key="kms")["Body"].read() == b"secret"
    admin("POST", f"/kms/keys/{key}/disable")
    refused("KMS.DisabledException", s3.get_object, 400, Bucket=MAIN, Key="kms")
    refused("KMS.DisabledException", s3.put_object, 400, Bucket=MAIN, Key="kms2", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    s3.put_object_tagging(Bucket=MAIN, Key="kms", Tagging={"TagSet": []})
    admin("POST", f"/kms/keys/{key}/enable")
    assert s3.get_object(Bucket=MAIN, Key="kms")["Body"].read() == b"secret"
    admin("DELETE", f"/kms/keys/{key}?waiting_period_days=7")
    refused("KMS.KMSInvalidStateException", s3.get_object, 400, Bucket=MAIN, Key="kms")
    refused("KMS.NotFoundException", s3.put_object, 400, Bucket=MAIN, Key="kms2", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId="none")
    s3.delete_object(Bucket=MAIN, Key="kms")


def check_update_encryption():
    """Another key for what is stored: the bytes and all that is known of them stay."""
    b = bucket("update")
    s3.put_bucket_versioning(Bucket=b, VersioningConfiguration={"Status": "Enabled"})
    other = admin("POST", "/kms/keys", {"description": "another"})["KeyMetadata"]
    to = lambda arn, **more: {"SSEKMS": {"KMSKeyArn": arn, **more}}
    data = body(2 * PART + 5, 9)
    s3.upload_fileobj(io.BytesIO(data), b, "k", ExtraArgs={"ServerSideEncryption": "AES256", "Metadata": {"m": "1"}}, Config=SMALL)
    before = s3.head_object(Bucket=b, Key="k", ChecksumMode="ENABLED")
    newer = s3.put_object(Bucket=b, Key="k", Body=b"newer", ServerSideEncryption="AES256")["VersionId"]
    old = {"Bucket": b, "Key": "k", "VersionId": before["VersionId"]}
    for arn, bucket_key in ((KMS["Arn"], False), (other["Arn"], True)):
        s3.update_object_encryption(**old, ObjectEncryption=to(arn, BucketKeyEnabled=bucket_key))
        after = s3.head_object(**old, ChecksumMode="ENABLED")
        assert after["ServerSideEncryption"] == "aws:kms" and after["SSEKMSKeyId"] == arn and after.get("BucketKeyEnabled", False) == bucket_key, after
        for same in ("ETag", "LastModified", "ContentLength", "Metadata", "VersionId", "ChecksumCRC32"):
            assert after.get(same) == before.get(same), (same, before, after)
        assert s3.get_object(**old)["Body"].read() == data
        assert s3.get_object(**old, Range=f"bytes={PART - 1}-{PART}")["Body"].read() == data[PART - 1:PART + 1]
    assert s3.head_object(Bucket=b, Key="k")["ServerSideEncryption"] == "AES256"
    admin("POST", f"/kms/keys/{other['KeyId']}/disable")
    refused("KMS.DisabledException", s3.update_object_encryption, 400, **old, ObjectEncryption=to(KMS["Arn"]))
    refused("KMS.DisabledException", s3.update_object_encryption, 400, Bucket=b, Key="k", ObjectEncryption=to(other["Arn"]))
    refused("KMS.NotFoundException", s3.update_object_encryption, 400, Bucket=b, Key="k", ObjectEncryption=to("arn:aws:kms:local:000000000000:key/none"))
    refused("InvalidRequest", s3.update_object_encryption, 400, Bucket=b, Key="k", ObjectEncryption=to("arn:aws:kms:local:000000000000:alias/aws/s3"))
    admin("POST", f"/kms/keys/{other['KeyId']}/enable")
    s3.put_object(Bucket=b, Key="c", Body=b"x", **MINE)
    s3.put_object(Bucket=b, Key="clear", Body=b"x")
    for key in ("c", "clear"):
        refused("InvalidRequest", s3.update_object_encryption, 400, Bucket=b, Key=key, ObjectEncryption=to(KMS["Arn"]))
    refused("NoSuchKey", s3.update_object_encryption, 404, Bucket=b, Key="none", ObjectEncryption=to(KMS["Arn"]))
    marker = s3.delete_object(Bucket=b, Key="k")["VersionId"]
    refused("MethodNotAllowed", s3.update_object_encryption, 405, Bucket=b, Key="k", VersionId=marker, ObjectEncryption=to(KMS["Arn"]))
    s3.update_object_encryption(Bucket=b, Key="k", VersionId=newer, ObjectEncryption=to(other["Arn"]))
    locked = f"{BUCKET}-update-locked"
    s3.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket=locked, Key="k", Body=b"x", ServerSideEncryption="AES256", ObjectLockLegalHoldStatus="ON")
    refused("AccessDenied", s3.update_object_encryption, 403, Bucket=locked, Key="k", ObjectEncryption=to(KMS["Arn"]))
    s3.put_object_legal_hold(Bucket=locked, Key="k", LegalHold={"Status": "OFF"})
    s3.update_object_encryption(Bucket=locked, Key="k", ObjectEncryption=to(KMS["Arn"]))


def check_select():
    s3.put_object(Bucket=MAIN, Key="rows.csv", Body="a,b\n1,2\n3,4\n", **MINE)
    question = {"Bucket": MAIN, "Key": "rows.csv", "Expression": "SELECT s.b FROM S3Object s WHERE s.a = '3'", "ExpressionType": "SQL",
                "InputSerialization": {"CSV": {"FileHeaderInfo": "USE"}}, "OutputSerialization": {"CSV": {}}}
    text = b"".join(e["Records"]["Payload"] for e in s3.select_object_content(**question, **MINE)["Payload"] if "Records" in e)
    assert text == b"4\n", text
    refused("InvalidRequest", s3.select_object_content, 400, **question)


for kind in KINDS:
    run("objects_" + kind, one, kind)
    run("multipart_" + kind, multipart, kind)
    run("copies_" + kind, copies, kind)
run_all(sys.modules[__name__])
done()
