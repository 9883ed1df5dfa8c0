// What JavaScript programs do with the AWS SDK, version 3.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import * as aws from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";

const Bucket = process.env.MYFSIO_BUCKET + "-main";
const keys = JSON.parse(readFileSync(process.env.MYFSIO_KEYS, "utf8"));
const s3 = new aws.S3Client({ forcePathStyle: true });

function body(n, seed = 1) {
  const out = Buffer.alloc(n);
  for (let at = 0, i = 0; at < n; i++) at += createHash("sha512").update(`${seed} ${i}`).digest().copy(out, at);
  return out;
}

async function check(name, fn) {
  try {
    await fn();
    console.log(JSON.stringify({ name, status: "ok" }));
  } catch (e) {
    const ours = String(e.stack ?? e).split("\n").filter((line) => !line.includes("node_modules") && !line.includes("node:internal"));
    console.log(JSON.stringify({ name, status: "fail", detail: ours.join("\n").slice(0, 3000) }));
  }
}

const send = (Command, input) => s3.send(new Command({ Bucket, ...input }));
const bytes = async (got) => Buffer.from(await got.Body.transformToByteArray());

// refused: the command has to fail with this name.
async function refused(name, status, promise) {
  await assert.rejects(promise, (e) => {
    assert.equal(e.name, name);
    assert.equal(e.$metadata.httpStatusCode, status);
    return true;
  });
}

await check("bucket", async () => {
  await send(aws.CreateBucketCommand, {});
  await send(aws.HeadBucketCommand, {});
  const { Buckets } = await s3.send(new aws.ListBucketsCommand({}));
  assert(Buckets.some((b) => b.Name === Bucket));
});

await check("put_and_get", async () => {
  const data = body(100_000);
  const put = await send(aws.PutObjectCommand, { Key: "k", Body: data, ContentType: "x/y", Metadata: { one: "1" } });
  assert(put.ChecksumCRC32, "no default checksum in the answer");
  const got = await send(aws.GetObjectCommand, { Key: "k", ChecksumMode: "ENABLED" });
  assert(data.equals(await bytes(got)));
  assert.equal(got.ContentType, "x/y");
  assert.deepEqual(got.Metadata, { one: "1" });
  const part = await send(aws.GetObjectCommand, { Key: "k", Range: "bytes=10-19" });
  assert(data.subarray(10, 20).equals(await bytes(part)));
});

// A stream goes out in aws-chunked frames with its checksum in the trailer.
await check("streaming_body", async () => {
  const data = body(300_000, 2);
  const chunks = Readable.from((function* () { for (let i = 0; i < data.length; i += 70_001) yield data.subarray(i, i + 70_001); })());
  await send(aws.PutObjectCommand, { Key: "stream", Body: chunks, ContentLength: data.length });
  const head = await send(aws.HeadObjectCommand, { Key: "stream", ChecksumMode: "ENABLED" });
  assert.equal(head.ContentLength, data.length);
  assert(head.ChecksumCRC32);
  assert(!head.ContentEncoding, `content encoding ${head.ContentEncoding}`);
  assert(data.equals(await bytes(await send(aws.GetObjectCommand, { Key: "stream", ChecksumMode: "ENABLED" }))));
});

for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
  await check("checksum_" + ChecksumAlgorithm, async () => {
    const data = body(20_000, 3);
    const put = await send(aws.PutObjectCommand, { Key: "sum", Body: data, ChecksumAlgorithm });
    const head = await send(aws.HeadObjectCommand, { Key: "sum", ChecksumMode: "ENABLED" });
    assert(put["Checksum" + ChecksumAlgorithm]);
    assert.equal(head["Checksum" + ChecksumAlgorithm], put["Checksum" + ChecksumAlgorithm]);
  });
}

await check("upload_in_parts", async () => {
  const data = body(17 * 1024 * 1024, 4);
  const upload = new Upload({ client: s3, partSize: 5 << 20, queueSize: 2, params: { Bucket, Key: "big", Body: Readable.from([data]), ContentType: "x/big" } });
  await upload.done();
  const head = await send(aws.HeadObjectCommand, { Key: "big" });
  assert.equal(head.ContentLength, data.length);
  assert.match(head.ETag, /-4"$/);
  assert(data.equals(await bytes(await send(aws.GetObjectCommand, { Key: "big" }))));
});

await check("conditional", async () => {
  const { ETag } = await send(aws.PutObjectCommand, { Key: "once", Body: "1", IfNoneMatch: "*" });
  await refused("PreconditionFailed", 412, send(aws.PutObjectCommand, { Key: "once", Body: "2", IfNoneMatch: "*" }));
  await send(aws.PutObjectCommand, { Key: "once", Body: "3", IfMatch: ETag });
  await refused("PreconditionFailed", 412, send(aws.PutObjectCommand, { Key: "once", Body: "4", IfMatch: ETag }));
  await refused("PreconditionFailed", 412, send(aws.GetObjectCommand, { Key: "once", IfMatch: ETag }));
});

await check("list", async () => {
  const want = Array.from({ length: 25 }, (_, i) => `l/${i % 5}/${String(i).padStart(2, "0")}`).sort();
  for (const Key of want) await send(aws.PutObjectCommand, { Key, Body: Key });
  const got = [];
  for await (const page of aws.paginateListObjectsV2({ client: s3, pageSize: 4 }, { Bucket, Prefix: "l/" })) got.push(...page.Contents.map((c) => c.Key));
  assert.deepEqual(got, want);
  const top = await send(aws.ListObjectsV2Command, { Prefix: "l/", Delimiter: "/" });
  assert.deepEqual(top.CommonPrefixes.map((p) => p.Prefix), ["l/0/", "l/1/", "l/2/", "l/3/", "l/4/"]);
});

await check("errors", async () => {
  await refused("NoSuchKey", 404, send(aws.GetObjectCommand, { Key: "none" }));
  await refused("NotFound", 404, send(aws.HeadObjectCommand, { Key: "none" }));
  await refused("NoSuchBucket", 404, s3.send(new aws.ListObjectsV2Command({ Bucket: Bucket + "-none" })));
});

// The SDK signs and sends a path as URL gives it back, which has no "." and ".." segments any more.
const dots = (key) => key.split("/").some((s) => s === "." || s === "..");
for (const { name, key } of keys.filter(({ key }) => !dots(key))) {
  await check("key_" + name.replaceAll(" ", "_"), async () => {
    await send(aws.PutObjectCommand, { Key: key, Body: key });
    assert.equal((await bytes(await send(aws.GetObjectCommand, { Key: key }))).toString(), key);
    assert.equal((await send(aws.HeadObjectCommand, { Key: key })).ContentLength, Buffer.byteLength(key));
    const listed = await send(aws.ListObjectsV2Command, { Prefix: key, EncodingType: "url" });
    assert(listed.Contents.some((c) => decodeURIComponent(c.Key.replaceAll("+", "%20")) === key), JSON.stringify(listed.Contents));
    await send(aws.CopyObjectCommand, { Key: "copy of it", CopySource: `${Bucket}/${encodeURIComponent(key)}` });
    assert.equal((await bytes(await send(aws.GetObjectCommand, { Key: "copy of it" }))).toString(), key);
    await send(aws.DeleteObjectCommand, { Key: key });
    await refused("NoSuchKey", 404, send(aws.GetObjectCommand, { Key: key }));
  });
}

await check("delete", async () => {
  for await (const page of aws.paginateListObjectsV2({ client: s3 }, { Bucket })) {
    const gone = await send(aws.DeleteObjectsCommand, { Delete: { Objects: page.Contents.map(({ Key }) => ({ Key })) } });
    assert.equal(gone.Errors, undefined);
    assert.equal(gone.Deleted.length, page.Contents.length);
  }
  await send(aws.DeleteBucketCommand, {});
});

console.log(JSON.stringify({ done: true }));
