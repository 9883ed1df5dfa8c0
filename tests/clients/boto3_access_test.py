"""Who may do what, as Python programs with boto3 see it: policies, lists, presigned requests, temporary credentials,
cross-origin rules, and the everyday work of a user with few rights."""

import contextlib
import datetime
import hashlib
import io
import json
import os
import sys
import urllib.request
from unittest import mock

import boto3
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from checks import BUCKET, done, run, run_all

URL = os.environ["AWS_ENDPOINT_URL"]
ADMIN = (os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
V4 = Config(signature_version="s3v4", retries={"total_max_attempts": 1})
s3 = boto3.client("s3", config=V4)
anonymous = boto3.client("s3", config=Config(signature_version=UNSIGNED))
MAIN = BUCKET + "-main"
ALL = "http://acs.amazonaws.com/groups/global/AllUsers"


def fetch(url, method="GET", data=None, headers=None):
    req = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(req, timeout=60) as resp:
            return resp.status, resp.read(), resp.headers
    except urllib.error.HTTPError as e:
        return e.code, e.read(), e.headers


def admin(method, path, doc=None):
    """A request to the administration, which has to succeed; its answer."""
    headers = {"X-Access-Key": ADMIN[0], "X-Secret-Key": ADMIN[1], "Content-Type": "application/json"}
    status, text, _ = fetch(URL + path, method, json.dumps(doc).encode() if doc is not None else None, headers)
    assert status < 300, (method, path, status, text)
    return json.loads(text) if text else None


class User:
    """A user with these policies, and clients with his keys."""

    def __init__(self, *policies, name=""):
        made = admin("POST", "/iam/users", {"policies": list(policies), "display_name": name})
        self.id, self.key, self.secret = made["user_id"], made["access_key"], made["secret_key"]

    def client(self, service="s3", config=V4):
        return boto3.client(service, aws_access_key_id=self.key, aws_secret_access_key=self.secret, config=config if service == "s3" else None)

    def set(self, *policies):
        admin("PUT", f"/iam/users/{self.id}/policies", list(policies))


def may(*actions, bucket=MAIN, **more):
    return {"bucket": bucket, "actions": list(actions), **more}


def temporary(credentials):
    """A client with the three parts of temporary credentials."""
    return boto3.client("s3", aws_access_key_id=credentials["AccessKeyId"], aws_secret_access_key=credentials["SecretAccessKey"],
                        aws_session_token=credentials["SessionToken"], config=V4)


def refused(code, fn, status=403, **args):
    try:
        fn(**args)
    except ClientError as e:
        got = e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"]
        assert got == (code, status), e.response
        return e.response
    raise AssertionError(f"not refused, want {code}")


def denied(fn, **args):
    return refused("AccessDenied", fn, **args)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect, action, resource, principal="*", **more):
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": "arn:aws:s3:::" + resource, **more}


@contextlib.contextmanager
def signing(off):
    """Signs with a clock that is off."""
    def now(remove_tzinfo=True):
        t = datetime.datetime.now(datetime.timezone.utc) + off
        return t.replace(tzinfo=None) if remove_tzinfo else t
    with contextlib.ExitStack() as stack:
        for module in ("botocore.auth", "botocore.crt.auth"):
            stack.enter_context(mock.patch(module + ".get_current_datetime", now))
        yield


def check_begin():
    s3.create_bucket(Bucket=MAIN)
    s3.put_object(Bucket=MAIN, Key="k", Body=b"hello")


def check_bucket_policy():
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, 404, Bucket=MAIN)
    refused("NoSuchBucketPolicy", s3.get_bucket_policy_status, 404, Bucket=MAIN)
    denied(anonymous.get_object, Bucket=MAIN, Key="k")
    text = document(statement("Allow", "s3:GetObject", MAIN + "/*"))
    s3.put_bucket_policy(Bucket=MAIN, Policy=text)
    assert json.loads(s3.get_bucket_policy(Bucket=MAIN)["Policy"]) == json.loads(text)
    assert s3.get_bucket_policy_status(Bucket=MAIN)["PolicyStatus"]["IsPublic"] is True
    assert anonymous.get_object(Bucket=MAIN, Key="k")["Body"].read() == b"hello"
    denied(anonymous.put_object, Bucket=MAIN, Key="k", Body=b"x")
    denied(anonymous.list_objects_v2, Bucket=MAIN)
    refused("403", anonymous.head_object, Bucket=MAIN, Key="no such key")
    denied(anonymous.get_bucket_policy, Bucket=MAIN)
    for wrong in ("", "{", "[]", "{}", document(), document(statement("Allow", "s3:GetObject", "another/*")),
                  document(statement("Perhaps", "s3:GetObject", MAIN + "/*")), document(statement("Allow", "s3:Nothing", MAIN + "/*")),
                  document(statement("Allow", "s3:GetObject", MAIN + "/*", Condition={"StringSounds": {"aws:username": "x"}}))):
        try:
            s3.put_bucket_policy(Bucket=MAIN, Policy=wrong)
            raise AssertionError(f"taken: {wrong}")
        except ClientError as e:
            assert e.response["Error"]["Code"] in ("MalformedPolicy", "MissingRequestBodyError"), (wrong, e.response)
    assert json.loads(s3.get_bucket_policy(Bucket=MAIN)["Policy"]) == json.loads(text)
    reader, other = User(name=BUCKET + "-reader"), User()
    s3.put_bucket_policy(Bucket=MAIN, Policy=document(
        statement("Allow", "s3:GetObject", MAIN + "/*", {"AWS": f"arn:aws:iam::000000000000:user/{BUCKET}-reader"}),
        statement("Allow", "s3:PutObject", MAIN + "/${aws:userid}/*", {"AWS": "*"})))
    assert s3.get_bucket_policy_status(Bucket=MAIN)["PolicyStatus"]["IsPublic"] is True
    assert reader.client().get_object(Bucket=MAIN, Key="k")["Body"].read() == b"hello"
    denied(other.client().get_object, Bucket=MAIN, Key="k")
    other.client().put_object(Bucket=MAIN, Key=f"{other.id}/k", Body=b"x")
    denied(other.client().put_object, Bucket=MAIN, Key=f"{reader.id}/k", Body=b"x")
    # Only over TLS, said by a Deny, which stands above the policy of the user; the owner can always mend it.
    other.set(may("*"))
    other.client().get_object(Bucket=MAIN, Key="k")
    s3.put_bucket_policy(Bucket=MAIN, Policy=document(
        statement("Deny", "s3:*", MAIN + "/*", Condition={"Bool": {"aws:SecureTransport": "false"}})))
    assert s3.get_bucket_policy_status(Bucket=MAIN)["PolicyStatus"]["IsPublic"] is False
    denied(other.client().get_object, Bucket=MAIN, Key="k")
    denied(s3.get_object, Bucket=MAIN, Key="k")
    s3.delete_bucket_policy(Bucket=MAIN)
    s3.delete_bucket_policy(Bucket=MAIN)
    assert s3.get_object(Bucket=MAIN, Key="k")["Body"].read() == b"hello"


def check_public_access_block():
    b = BUCKET + "-block"
    s3.create_bucket(Bucket=b)
    refused("NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, 404, Bucket=b)
    public = document(statement("Allow", "s3:GetObject", b + "/*"))
    off = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)

    def block(**on):
        s3.put_public_access_block(Bucket=b, PublicAccessBlockConfiguration={**off, **on})
        assert s3.get_public_access_block(Bucket=b)["PublicAccessBlockConfiguration"] == {**off, **on}

    block(BlockPublicPolicy=True)
    denied(s3.put_bucket_policy, Bucket=b, Policy=public)
    s3.put_bucket_policy(Bucket=b, Policy=document(statement("Allow", "s3:GetObject", b + "/*", {"AWS": "arn:aws:iam::000000000000:user/someone"})))
    block(BlockPublicAcls=True)
    denied(s3.put_bucket_acl, Bucket=b, ACL="public-read")
    denied(s3.put_object, Bucket=b, Key="k", Body=b"x", ACL="public-read")
    s3.put_object(Bucket=b, Key="k", Body=b"x", ACL="bucket-owner-full-control")
    denied(s3.put_object_acl, Bucket=b, Key="k", ACL="authenticated-read")
    block()
    s3.put_bucket_policy(Bucket=b, Policy=public)
    anonymous.get_object(Bucket=b, Key="k")
    block(RestrictPublicBuckets=True)
    denied(anonymous.get_object, Bucket=b, Key="k")
    s3.get_object(Bucket=b, Key="k")
    block()
    s3.delete_bucket_policy(Bucket=b)
    s3.put_object_acl(Bucket=b, Key="k", ACL="public-read")
    anonymous.get_object(Bucket=b, Key="k")
    block(IgnorePublicAcls=True)
    denied(anonymous.get_object, Bucket=b, Key="k")
    s3.delete_public_access_block(Bucket=b)
    anonymous.get_object(Bucket=b, Key="k")
    refused("NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, 404, Bucket=b)
    empty(b)


def empty(bucket):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for c in page.get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=c["Key"])
    s3.delete_bucket(Bucket=bucket)


def check_ownership():
    b = BUCKET + "-own"
    s3.create_bucket(Bucket=b)
    me = s3.list_buckets()["Owner"]["ID"]
    refused("OwnershipControlsNotFoundError", s3.get_bucket_ownership_controls, 404, Bucket=b)
    writer = User(may("write", "read", "share", bucket=b))
    theirs = writer.client()

    def own(how):
        s3.put_bucket_ownership_controls(Bucket=b, OwnershipControls={"Rules": [{"ObjectOwnership": how}]})
        assert s3.get_bucket_ownership_controls(Bucket=b)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": how}]

    own("ObjectWriter")
    theirs.put_object(Bucket=b, Key="w", Body=b"x")
    owner = theirs.get_object_acl(Bucket=b, Key="w")["Owner"]["ID"]
    assert owner != me, owner
    own("BucketOwnerPreferred")
    theirs.put_object(Bucket=b, Key="w", Body=b"x", ACL="bucket-owner-full-control")
    assert s3.get_object_acl(Bucket=b, Key="w")["Owner"]["ID"] == me
    theirs.put_object(Bucket=b, Key="w2", Body=b"x")
    assert theirs.get_object_acl(Bucket=b, Key="w2")["Owner"]["ID"] == owner
    own("BucketOwnerEnforced")
    refused("AccessControlListNotSupported", s3.put_object_acl, 400, Bucket=b, Key="w", ACL="public-read")
    refused("AccessControlListNotSupported", s3.put_bucket_acl, 400, Bucket=b, ACL="public-read")
    refused("AccessControlListNotSupported", s3.put_object, 400, Bucket=b, Key="k", Body=b"x", ACL="public-read")
    s3.put_object(Bucket=b, Key="k", Body=b"x", ACL="bucket-owner-full-control")
    grants = s3.get_object_acl(Bucket=b, Key="w2")
    assert grants["Owner"]["ID"] == me and [g["Permission"] for g in grants["Grants"]] == ["FULL_CONTROL"], grants
    s3.delete_bucket_ownership_controls(Bucket=b)
    refused("OwnershipControlsNotFoundError", s3.get_bucket_ownership_controls, 404, Bucket=b)
    empty(b)
    refused("InvalidBucketAclWithObjectOwnership", s3.create_bucket, 400, Bucket=b, ACL="public-read", ObjectOwnership="BucketOwnerEnforced")
    s3.create_bucket(Bucket=b, ObjectOwnership="BucketOwnerEnforced")
    assert s3.get_bucket_ownership_controls(Bucket=b)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    s3.delete_bucket(Bucket=b)


def grants(acl):
    return sorted((g["Grantee"].get("URI") or g["Grantee"]["ID"], g["Permission"]) for g in acl["Grants"])


def check_acl():
    b = BUCKET + "-acl"
    s3.create_bucket(Bucket=b)
    s3.put_object(Bucket=b, Key="k", Body=b"hello")
    me = s3.list_buckets()["Owner"]["ID"]
    assert s3.get_bucket_acl(Bucket=b)["Owner"]["ID"] == me
    assert grants(s3.get_bucket_acl(Bucket=b)) == grants(s3.get_object_acl(Bucket=b, Key="k")) == [(me, "FULL_CONTROL")]
    user = User()
    theirs = user.client()
    signed_in = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
    for canned, all_, some in (("private", "", ""), ("public-read", "r", "r"), ("public-read-write", "rw", "rw"), ("authenticated-read", "", "r")):
        s3.put_bucket_acl(Bucket=b, ACL=canned)
        s3.put_object_acl(Bucket=b, Key="k", ACL=canned)
        for client, rights in ((anonymous, all_), (theirs, some)):
            for right, fn, args in (("r", client.get_object, {"Key": "k"}), ("r", client.list_objects_v2, {}), ("w", client.put_object, {"Key": "n"}),
                                    ("w", client.delete_object, {"Key": "n"})):
                if right in rights:
                    fn(Bucket=b, **args)
                else:
                    denied(fn, Bucket=b, **args)
        want = {"r": (ALL, "READ"), "w": (ALL, "WRITE")}
        want = [want[r] for r in all_] + ([(signed_in, "READ")] if some and not all_ else [])
        assert grants(s3.get_bucket_acl(Bucket=b)) == sorted([(me, "FULL_CONTROL")] + want)
    # To a user by id, in a header and in a document.
    theirs_id = theirs.list_buckets()["Owner"]["ID"]
    s3.put_bucket_acl(Bucket=b, ACL="private")
    s3.put_object_acl(Bucket=b, Key="k", GrantRead=f'id="{theirs_id}"', GrantReadACP=f'uri="{signed_in}"')
    assert grants(s3.get_object_acl(Bucket=b, Key="k")) == sorted([(theirs_id, "READ"), (signed_in, "READ_ACP")])
    assert theirs.get_object(Bucket=b, Key="k")["Body"].read() == b"hello"
    assert grants(theirs.get_object_acl(Bucket=b, Key="k"))
    denied(theirs.put_object_acl, Bucket=b, Key="k", ACL="public-read")
    denied(User().client().get_object, Bucket=b, Key="k")
    acl = {"Owner": {"ID": me}, "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": me}, "Permission": "FULL_CONTROL"},
                                           {"Grantee": {"Type": "CanonicalUser", "ID": theirs_id}, "Permission": "WRITE"},
                                           {"Grantee": {"Type": "Group", "URI": ALL}, "Permission": "READ"}]}
    s3.put_bucket_acl(Bucket=b, AccessControlPolicy=acl)
    assert grants(s3.get_bucket_acl(Bucket=b)) == sorted([(me, "FULL_CONTROL"), (theirs_id, "WRITE"), (ALL, "READ")])
    theirs.put_object(Bucket=b, Key="theirs", Body=b"x")
    anonymous.list_objects_v2(Bucket=b)
    denied(anonymous.put_object, Bucket=b, Key="n", Body=b"x")
    got = s3.get_bucket_acl(Bucket=b)
    s3.put_bucket_acl(Bucket=b, AccessControlPolicy={"Owner": got["Owner"], "Grants": got["Grants"]})  # as it came
    assert grants(s3.get_bucket_acl(Bucket=b)) == grants(got)
    refused("InvalidArgument", s3.put_bucket_acl, 400, Bucket=b, GrantRead='id="nobody"')
    refused("InvalidArgument", s3.put_bucket_acl, 400, Bucket=b, GrantRead='uri="http://acs.amazonaws.com/groups/global/Nobody"')
    refused("InvalidRequest", s3.put_bucket_acl, 400, Bucket=b, ACL="private", GrantRead=f'id="{me}"')
    s3.put_object(Bucket=b, Key="up", Body=b"up", ACL="public-read")
    upload = s3.create_multipart_upload(Bucket=b, Key="parts", ACL="public-read")["UploadId"]
    part = s3.upload_part(Bucket=b, Key="parts", UploadId=upload, PartNumber=1, Body=b"part")
    s3.complete_multipart_upload(Bucket=b, Key="parts", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    s3.copy_object(Bucket=b, Key="copied", CopySource={"Bucket": b, "Key": "up"}, ACL="public-read")
    s3.copy_object(Bucket=b, Key="private copy", CopySource={"Bucket": b, "Key": "up"})
    for key, want in (("up", b"up"), ("parts", b"part"), ("copied", b"up")):
        assert anonymous.get_object(Bucket=b, Key=key)["Body"].read() == want, key
    denied(anonymous.get_object, Bucket=b, Key="private copy")
    empty(b)


def check_presigned_urls():
    user = User(may("read", "write", "delete", "list"))
    client = user.client()

    def url(op, expires=300, **params):
        return client.generate_presigned_url(op, Params={"Bucket": MAIN, **params}, ExpiresIn=expires)

    assert fetch(url("put_object", Key="by url"), "PUT", b"put")[0] == 200
    assert fetch(url("get_object", Key="by url"))[:2] == (200, b"put")
    assert fetch(url("head_object", Key="by url"), "HEAD")[0] == 200
    assert fetch(url("list_objects_v2", Prefix="by"))[0] == 200
    links = {m: url(op, Key="by url") for m, op in (("GET", "get_object"), ("PUT", "put_object"), ("DELETE", "delete_object"))}
    for method in ("PUT", "DELETE", "POST"):
        status, text, _ = fetch(links["GET"], method, b"x")
        assert status == 403 and b"SignatureDoesNotMatch" in text, (method, status, text)
    for expires, want in ((5, 200), (604800, 200), (604801, 400)):
        status, text, _ = fetch(url("get_object", expires, Key="by url"))
        assert status == want and (want == 200 or b"AuthorizationQueryParametersError" in text), (expires, status, text)
    status, text, _ = fetch(links["GET"].replace("X-Amz-Expires=300", "X-Amz-Expires=0"))  # which this signer does not sign
    assert status == 400 and b"AuthorizationQueryParametersError" in text, (status, text)
    with signing(datetime.timedelta(hours=-2)):
        old = url("get_object", 3600, Key="by url")
    status, text, _ = fetch(old)
    assert status == 403 and b"<Code>AccessDenied</Code>" in text and b"Request has expired" in text, (status, text)
    # The rights of the signer count when the URL is used.
    user.set(may("read"))
    assert fetch(links["GET"])[0] == 200
    for method in ("PUT", "DELETE"):
        status, text, _ = fetch(links[method], method, b"" if method == "PUT" else None)
        assert status == 403 and b"<Code>AccessDenied</Code>" in text, (method, status, text)
    user.set()
    assert fetch(links["GET"])[0] == 403
    user.set(may("delete", "read"))
    admin("POST", f"/iam/users/{user.id}/disable")
    assert fetch(links["GET"])[0] == 403
    admin("POST", f"/iam/users/{user.id}/enable")
    assert fetch(links["DELETE"], "DELETE")[0] == 204
    assert fetch(links["GET"])[0] == 403  # the key is gone, and he may not list: he is not told


def post(form, change=None, data=b"a photo"):
    """Sends a presigned POST as a browser does, with changed fields; None takes one away. Returns status, answer and headers."""
    fields = {**form["fields"], **(change or {})}
    edge = "edge" + hashlib.sha256(data).hexdigest()
    parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items() if v is not None]
    parts.append(f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'.encode() + data)
    parts.append(f"\r\n--{edge}--\r\n".encode())
    return fetch(form["url"], "POST", b"".join(parts), {"Content-Type": "multipart/form-data; boundary=" + edge})


def check_presigned_post():
    user = User(may("write"))

    def form(key="post/${filename}", fields=None, conditions=None, **more):
        return user.client().generate_presigned_post(MAIN, key, Fields=fields, Conditions=conditions, **more)

    def no(code, answer, want=403):
        status, text, _ = answer
        assert status == want and f"<Code>{code}</Code>".encode() in text, (status, text)

    plain = form()
    assert post(plain)[0] == 204
    assert s3.get_object(Bucket=MAIN, Key="post/photo.jpg")["Body"].read() == b"a photo"
    no("SignatureDoesNotMatch", post(plain, {"x-amz-signature": "0" * 64}))
    no("SignatureDoesNotMatch", post(plain, {"policy": form("elsewhere")["fields"]["policy"]}))
    no("AccessDenied", post(plain, {"key": "elsewhere/${filename}"}))
    no("AccessDenied", post(plain, {"x-amz-meta-more": "not in the policy"}))
    no("AccessDenied", post(plain, dict.fromkeys(plain["fields"].keys() - {"key"})))
    no("AccessDenied", post(form(ExpiresIn=-60)))
    rich = form("rich/${filename}", {"Content-Type": "image/jpeg", "success_action_status": "201", "x-amz-meta-user": "john"},
                [["starts-with", "$Content-Type", "image/"], {"success_action_status": "201"}, ["starts-with", "$x-amz-meta-user", "jo"],
                 ["content-length-range", 2, 10]])
    status, text, headers = post(rich)
    assert status == 201 and b"<Key>rich/photo.jpg</Key>" in text and headers["ETag"] and headers["Location"], (status, text)
    head = s3.head_object(Bucket=MAIN, Key="rich/photo.jpg")
    assert head["ContentType"] == "image/jpeg" and head["Metadata"] == {"user": "john"}, head
    no("EntityTooLarge", post(rich, data=b"x" * 11), 400)
    no("EntityTooSmall", post(rich, data=b"x"), 400)
    no("AccessDenied", post(rich, {"Content-Type": "text/html"}))
    no("AccessDenied", post(rich, {"success_action_status": "200"}))
    no("AccessDenied", post(rich, {"success_action_status": None}))
    no("AccessDenied", post(rich, {"x-amz-meta-user": "jane"}))
    tagged = form("tagged", {"tagging": "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"}, [["starts-with", "$tagging", ""]])
    assert post(tagged)[0] == 204
    assert s3.get_object_tagging(Bucket=MAIN, Key="tagged")["TagSet"] == [{"Key": "a", "Value": "b"}]
    # The signer's rights count: a list that others may read is more than writing.
    no("AccessDenied", post(form("public", {"acl": "public-read"}, [{"acl": "public-read"}])))
    user.set(may("write", "share"))
    assert post(form("public", {"acl": "public-read"}, [{"acl": "public-read"}]))[0] == 204
    assert anonymous.get_object(Bucket=MAIN, Key="public")["Body"].read() == b"a photo"
    user.set(may("read"))
    no("AccessDenied", post(form()))
    user.set(may("write", prefix="post/"))
    assert post(form())[0] == 204
    no("AccessDenied", post(form("rich/${filename}")))


def check_sts():
    sts = boto3.client("sts")
    assert sts.get_caller_identity()["Arn"].startswith("arn:aws:iam::")
    user = User(may("list", "read", "write"), name=BUCKET + "-session")
    theirs = user.client("sts")
    who = theirs.get_caller_identity()
    assert who["Arn"] == f"arn:aws:iam::000000000000:user/{BUCKET}-session" and who["UserId"] == user.id, who
    whole = theirs.get_session_token(DurationSeconds=900)["Credentials"]
    left = whole["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=10) < left <= datetime.timedelta(minutes=16), whole
    session = temporary(whole)
    session.put_object(Bucket=MAIN, Key="by session", Body=b"x")
    assert session.get_object(Bucket=MAIN, Key="by session")["Body"].read() == b"x"
    denied(session.delete_object, Bucket=MAIN, Key="by session")
    url = session.generate_presigned_url("get_object", Params={"Bucket": MAIN, "Key": "by session"})
    assert fetch(url)[:2] == (200, b"x")
    narrow = document({"Effect": "Allow", "Action": ["s3:GetObject", "s3:DeleteObject"], "Resource": f"arn:aws:s3:::{MAIN}/by*"})
    role = theirs.assume_role(RoleArn="arn:aws:iam::000000000000:role/any", RoleSessionName="job-1", Policy=narrow)
    assert role["AssumedRoleUser"]["Arn"].endswith("/job-1"), role
    narrowed = temporary(role["Credentials"])
    assert narrowed.get_object(Bucket=MAIN, Key="by session")["Body"].read() == b"x"
    denied(narrowed.get_object, Bucket=MAIN, Key="k")
    denied(narrowed.put_object, Bucket=MAIN, Key="by session", Body=b"y")
    denied(narrowed.list_objects_v2, Bucket=MAIN)
    denied(narrowed.delete_object, Bucket=MAIN, Key="by session")  # the policy of a session gives nothing
    # A session of the administrator is bound by its policy, and one without it is an administrator.
    bound = temporary(sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/any", RoleSessionName="bound", Policy=narrow)["Credentials"])
    denied(bound.get_object, Bucket=MAIN, Key="k")
    denied(bound.get_bucket_policy, Bucket=MAIN)
    post_form = session.generate_presigned_post(MAIN, "session/${filename}")
    assert "x-amz-security-token" in post_form["fields"] and post(post_form)[0] == 204
    broken = whole["SessionToken"][:-8] + "AAAAAAAA"
    status, text, _ = post(post_form, {"x-amz-security-token": broken})
    assert status == 400 and b"<Code>InvalidToken</Code>" in text, (status, text)
    # Credentials that are not whole.
    refused("InvalidAccessKeyId", temporary({**whole, "SessionToken": None}).get_object, Bucket=MAIN, Key="k")
    refused("InvalidToken", temporary({**whole, "SessionToken": broken}).get_object, 400, Bucket=MAIN, Key="k")
    refused("SignatureDoesNotMatch", temporary({**whole, "SecretAccessKey": user.secret}).get_object, Bucket=MAIN, Key="k")
    mine = {"AccessKeyId": user.key, "SecretAccessKey": user.secret, "SessionToken": whole["SessionToken"]}
    refused("InvalidToken", temporary(mine).get_object, 400, Bucket=MAIN, Key="k")
    # A session makes no sessions.
    nested = boto3.client("sts", aws_access_key_id=whole["AccessKeyId"], aws_secret_access_key=whole["SecretAccessKey"], aws_session_token=whole["SessionToken"])
    assert nested.get_caller_identity()["UserId"].startswith(user.id)
    denied(nested.get_session_token)
    denied(nested.assume_role, RoleArn="arn:aws:iam::000000000000:role/any", RoleSessionName="job-2")
    for wrong in ("{", document({"Effect": "Allow", "Action": "s3:GetObject"})):
        refused("MalformedPolicyDocument", theirs.assume_role, 400, RoleArn="arn:aws:iam::000000000000:role/any", RoleSessionName="job-1", Policy=wrong)
    # It lives with its user, and with the key that it was made with.
    admin("POST", f"/iam/users/{user.id}/disable")
    denied(session.get_object, Bucket=MAIN, Key="k")
    denied(theirs.get_caller_identity)
    admin("POST", f"/iam/users/{user.id}/enable")
    session.get_object(Bucket=MAIN, Key="k")
    user.set()
    denied(session.get_object, Bucket=MAIN, Key="k")
    user.set(may("read"))
    session.get_object(Bucket=MAIN, Key="k")
    admin("POST", f"/iam/users/{user.id}/rotate")
    denied(session.get_object, Bucket=MAIN, Key="k")


def check_sigv2_off():
    for config in (Config(signature_version="s3"), Config(signature_version="s3-query")):
        old = boto3.client("s3", config=config)
        if config.signature_version == "s3":
            e = refused("InvalidRequest", old.get_object, 400, Bucket=MAIN, Key="k")
            assert "AWS4-HMAC-SHA256" in e["Error"]["Message"], e
        status, text, _ = fetch(old.generate_presigned_url("get_object", Params={"Bucket": MAIN, "Key": "k"}))
        assert status == 400 and b"<Code>InvalidRequest</Code>" in text and b"AWS4-HMAC-SHA256" in text, (status, text)


def check_cors():
    b = BUCKET + "-cors"
    s3.create_bucket(Bucket=b)
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, 404, Bucket=b)
    rules = [{"AllowedOrigins": ["https://example.com", "https://*.example.net"], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["x-amz-*"],
              "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 600}, {"ID": "second", "AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]
    s3.put_bucket_cors(Bucket=b, CORSConfiguration={"CORSRules": rules})
    assert s3.get_bucket_cors(Bucket=b)["CORSRules"] == rules, s3.get_bucket_cors(Bucket=b)
    for wrong in ([{"AllowedOrigins": ["*"], "AllowedMethods": ["PATCH"]}], [{"AllowedOrigins": ["https://*.*"], "AllowedMethods": ["GET"]}]):
        refused("InvalidRequest", s3.put_bucket_cors, 400, Bucket=b, CORSConfiguration={"CORSRules": wrong})

    def preflight(origin, method, headers=""):
        asked = {"Origin": origin, "Access-Control-Request-Method": method, **({"Access-Control-Request-Headers": headers} if headers else {})}
        status, _, got = fetch(f"{URL}/{b}/k", "OPTIONS", headers=asked)
        return status, got["Access-Control-Allow-Origin"]

    assert preflight("https://example.com", "PUT", "x-amz-date") == (200, "https://example.com")
    assert preflight("https://a.example.net", "GET") == (200, "https://a.example.net")
    assert preflight("https://elsewhere.example", "GET") == (200, "*")
    assert preflight("https://elsewhere.example", "PUT") == (403, None)
    assert preflight("https://example.com", "PUT", "x-other") == (403, None)
    s3.delete_bucket_cors(Bucket=b)
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, 404, Bucket=b)
    user = User(may("list", "read", bucket=b))
    denied(user.client().get_bucket_cors, Bucket=b)
    denied(user.client().put_bucket_cors, Bucket=b, CORSConfiguration={"CORSRules": rules})
    empty(b)


def check_limited_user_at_work():
    b = BUCKET + "-team"
    s3.create_bucket(Bucket=b)
    s3.put_object(Bucket=b, Key="theirs/k", Body=b"secret")
    user = User(may("list", "read", "write", "delete", bucket=b, prefix="mine/"))
    mine = user.client()
    data = hashlib.sha512(b"x").digest() * (100 << 10)
    config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, max_concurrency=2)
    mine.upload_fileobj(io.BytesIO(data), b, "mine/big", Config=config, ExtraArgs={"Metadata": {"a": "b"}, "ContentType": "x/y"})
    into = io.BytesIO()
    mine.download_fileobj(b, "mine/big", into, Config=config)
    assert into.getvalue() == data
    mine.copy({"Bucket": b, "Key": "mine/big"}, b, "mine/copy", Config=config)
    for i in range(5):
        mine.put_object(Bucket=b, Key=f"mine/{i}", Body=b"%d" % i, Tagging="a=b")
    listed = [c["Key"] for p in mine.get_paginator("list_objects_v2").paginate(Bucket=b, Prefix="mine/", PaginationConfig={"PageSize": 2}) for c in p["Contents"]]
    assert listed == [f"mine/{i}" for i in range(5)] + ["mine/big", "mine/copy"], listed
    assert mine.get_object_tagging(Bucket=b, Key="mine/0")["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert mine.head_object(Bucket=b, Key="mine/0")["ContentLength"] == 1
    assert mine.list_multipart_uploads(Bucket=b, Prefix="mine/").get("Uploads", []) == []
    mine.head_bucket(Bucket=b)
    assert [x["Name"] for x in mine.list_buckets()["Buckets"]] == [b]
    answer = mine.delete_objects(Bucket=b, Delete={"Objects": [{"Key": "mine/0"}, {"Key": "theirs/k"}]})
    assert [d["Key"] for d in answer["Deleted"]] == ["mine/0"], answer
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("theirs/k", "AccessDenied")], answer
    there = {"Bucket": b, "Key": "theirs/k"}
    for fn, args in ((mine.get_object, there), (mine.get_object_tagging, there), (mine.get_object_acl, there), (mine.delete_object, there),
                     (mine.get_object_attributes, {**there, "ObjectAttributes": ["ETag"]}), (mine.put_object, {**there, "Body": b"x"}),
                     (mine.create_multipart_upload, there), (mine.copy_object, {"Bucket": b, "Key": "mine/x", "CopySource": there}),
                     (mine.copy_object, {**there, "CopySource": {"Bucket": b, "Key": "mine/1"}}), (mine.list_objects_v2, {"Bucket": b}),
                     (mine.list_objects, {"Bucket": b, "Prefix": "m"}), (mine.list_object_versions, {"Bucket": b, "Prefix": "theirs/"}),
                     (mine.list_multipart_uploads, {"Bucket": b}), (mine.get_bucket_policy, {"Bucket": b}), (mine.get_bucket_acl, {"Bucket": b}),
                     (mine.put_bucket_acl, {"Bucket": b, "ACL": "public-read"}), (mine.delete_bucket, {"Bucket": b}),
                     (mine.put_bucket_policy, {"Bucket": b, "Policy": document(statement("Allow", "s3:*", b + "/*"))}),
                     (mine.put_bucket_versioning, {"Bucket": b, "VersioningConfiguration": {"Status": "Enabled"}}),
                     (mine.put_public_access_block, {"Bucket": b, "PublicAccessBlockConfiguration": {}}),
                     (mine.put_bucket_ownership_controls, {"Bucket": b, "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}),
                     (mine.create_bucket, {"Bucket": b + "-new"}), (mine.list_objects_v2, {"Bucket": MAIN}), (mine.get_object, {"Bucket": MAIN, "Key": "k"})):
        try:
            fn(**args)
            raise AssertionError(f"not refused: {fn.__name__} {args}")
        except ClientError as e:
            assert e.response["Error"]["Code"] == "AccessDenied", (fn.__name__, args, e.response)
    refused("403", mine.head_object, **there)
    assert s3.get_object(**there)["Body"].read() == b"secret"
    empty(b)


def check_errors_of_credentials():
    user = User(may("list"))
    wrong = boto3.client("s3", aws_access_key_id=user.key, aws_secret_access_key="wrong", config=V4)
    refused("SignatureDoesNotMatch", wrong.list_objects_v2, Bucket=MAIN)
    nobody = boto3.client("s3", aws_access_key_id="NOBODY" + BUCKET, aws_secret_access_key="x", config=V4)
    refused("InvalidAccessKeyId", nobody.list_objects_v2, Bucket=MAIN)
    refused("InvalidClientTokenId", boto3.client("sts", aws_access_key_id="NOBODY" + BUCKET, aws_secret_access_key="x").get_caller_identity)
    for off in (-1, 1):
        with signing(datetime.timedelta(hours=off)):
            refused("RequestTimeTooSkewed", user.client().list_objects_v2, Bucket=MAIN)
    refused("NoSuchBucket", s3.list_objects_v2, 404, Bucket=BUCKET + "-none")
    denied(anonymous.list_objects_v2, Bucket=BUCKET + "-none")


def v2(url):
    """Signature V2, against a server that takes it."""
    def client(kind):
        return boto3.client("s3", endpoint_url=url, config=Config(signature_version=kind, retries={"total_max_attempts": 1},
                                                                  request_checksum_calculation="when_required", s3={"payload_signing_enabled": False}))
    old = client("s3")
    b = BUCKET + "-v2"
    old.create_bucket(Bucket=b)
    old.put_object(Bucket=b, Key="a key+", Body=b"hello", Metadata={"one": "1"}, ContentType="x/y")
    got = old.get_object(Bucket=b, Key="a key+", ResponseContentType="q/r")
    assert got["Body"].read() == b"hello" and got["ContentType"] == "q/r" and got["Metadata"] == {"one": "1"}
    old.put_object_acl(Bucket=b, Key="a key+", ACL="private")
    assert [c["Key"] for c in old.list_objects_v2(Bucket=b, Prefix="a")["Contents"]] == ["a key+"]
    old.copy_object(Bucket=b, Key="copy", CopySource={"Bucket": b, "Key": "a key+"})
    upload = old.create_multipart_upload(Bucket=b, Key="parts")["UploadId"]
    part = old.upload_part(Bucket=b, Key="parts", UploadId=upload, PartNumber=1, Body=b"part")
    old.complete_multipart_upload(Bucket=b, Key="parts", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    old.delete_objects(Bucket=b, Delete={"Objects": [{"Key": "copy"}, {"Key": "parts"}]})
    url_ = old.generate_presigned_url("get_object", Params={"Bucket": b, "Key": "a key+"}, ExpiresIn=60)
    assert "Signature=" in url_ and "X-Amz" not in url_, url_
    assert fetch(url_)[:2] == (200, b"hello")
    for change in (("Expires=1", "Expires=2"), ("Signature=", "Signature=A"), ("a%20key", "b%20key")):
        assert fetch(url_.replace(*change))[0] in (400, 403), change
    put = old.generate_presigned_url("put_object", Params={"Bucket": b, "Key": "by url"}, ExpiresIn=60)
    assert fetch(put, "PUT", b"x", {"Content-Type": ""})[0] == 200
    form = old.generate_presigned_post(b, "post/${filename}")
    assert "signature" in form["fields"] and post(form)[0] == 204, form
    # What the old signature does not cover chooses no operation.
    for op in (lambda: old.get_public_access_block(Bucket=b), lambda: old.get_bucket_ownership_controls(Bucket=b)):
        try:
            op()
            raise AssertionError("an operation that the signature does not name was served")
        except ClientError as e:
            assert e.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403), e.response
    wrong = boto3.client("s3", endpoint_url=url, aws_access_key_id=ADMIN[0], aws_secret_access_key="wrong", config=Config(signature_version="s3"))
    refused("SignatureDoesNotMatch", wrong.list_objects_v2, Bucket=b)
    new = boto3.client("s3", endpoint_url=url, config=V4)
    for c in new.list_objects_v2(Bucket=b)["Contents"]:
        new.delete_object(Bucket=b, Key=c["Key"])
    new.delete_bucket(Bucket=b)


def small_parts(url):
    """The multipart example of the documentation, whose parts are smaller than S3 allows: MULTIPART_MIN_PART_SIZE allows it."""
    s3 = boto3.client("s3", endpoint_url=url)
    s3.create_bucket(Bucket="mybucket")
    # Initiate
    response = s3.create_multipart_upload(Bucket='mybucket', Key='large.bin')
    upload_id = response['UploadId']

    # Upload parts
    parts = []
    chunks = [b'chunk1', b'chunk2'] # Example data chunks
    for part_number, chunk in enumerate(chunks, start=1):
        response = s3.upload_part(
            Bucket='mybucket',
            Key='large.bin',
            PartNumber=part_number,
            UploadId=upload_id,
            Body=chunk
        )
        parts.append({'PartNumber': part_number, 'ETag': response['ETag']})

    # Complete
    s3.complete_multipart_upload(
        Bucket='mybucket',
        Key='large.bin',
        UploadId=upload_id,
        MultipartUpload={'Parts': parts}
    )
    assert s3.get_object(Bucket="mybucket", Key="large.bin")["Body"].read() == b"chunk1chunk2"


run_all(sys.modules[__name__])
run("end", empty, MAIN)
if other := os.environ.get("MYFSIO_OTHER_ENDPOINT"):  # has SIGV2_ENABLED=true and MULTIPART_MIN_PART_SIZE=1
    run("sigv2", v2, other)
    run("multipart_example", small_parts, other)
done()
