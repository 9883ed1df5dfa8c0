"""What the scripts that use boto3 share."""

import hashlib

from botocore.exceptions import ClientError


def body(n, seed=1):
    """n bytes that depend on seed alone and do not repeat soon."""
    out = bytearray()
    i = 0
    while len(out) < n:
        out += hashlib.sha512(b"%d %d" % (seed, i)).digest() * 64
        i += 1
    return bytes(out[:n])


def refused(code, fn, status=None, **args):
    """fn has to be refused with this error code; the error is returned."""
    try:
        fn(**args)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e.response
        if status:
            assert e.response["ResponseMetadata"]["HTTPStatusCode"] == status, e.response
        return e.response
    raise AssertionError(f"not refused, want {code}")
