// The work of a user who may list, read, write and delete below "mine/" in a bucket, beside which "theirs/secret" lies.
import assert from "node:assert/strict";
import * as aws from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";

const Bucket = process.env.MYFSIO_BUCKET;
const s3 = new aws.S3Client({ forcePathStyle: true });
const send = (Command, input) => s3.send(new Command({ Bucket, ...input }));

async function check(name, fn) {
  try {
    await fn();
    console.log(JSON.stringify({ name, status: "ok" }));
  } catch (e) {
    console.log(JSON.stringify({ name, status: "fail", detail: String(e.stack ?? e).slice(0, 3000) }));
  }
}

await check("work", async () => {
  const data = Buffer.alloc(12 << 20, "some bytes");
  await new Upload({ client: s3, partSize: 5 << 20, params: { Bucket, Key: "mine/big", Body: data } }).done();
  const got = await send(aws.GetObjectCommand, { Key: "mine/big" });
  assert(data.equals(Buffer.from(await got.Body.transformToByteArray())));
  await send(aws.CopyObjectCommand, { Key: "mine/copy", CopySource: `${Bucket}/mine/big` });
  const keys = [];
  for await (const page of aws.paginateListObjectsV2({ client: s3, pageSize: 1 }, { Bucket, Prefix: "mine/" })) keys.push(...page.Contents.map(({ Key }) => Key));
  assert.deepEqual(keys, ["mine/big", "mine/copy"]);
  const names = (await s3.send(new aws.ListBucketsCommand({}))).Buckets.map(({ Name }) => Name);
  assert(names.includes(Bucket) && !names.some((n) => n.startsWith("private-")), names.join(" "));
  const gone = await send(aws.DeleteObjectsCommand, { Delete: { Objects: ["mine/big", "mine/copy", "theirs/secret"].map((Key) => ({ Key })) } });
  assert.equal(gone.Deleted.length, 2);
  assert.deepEqual(gone.Errors.map(({ Key, Code }) => [Key, Code]), [["theirs/secret", "AccessDenied"]]);
});

await check("refusals", async () => {
  const Key = "theirs/secret";
  for (const [Command, input] of [
    [aws.GetObjectCommand, { Key }], [aws.PutObjectCommand, { Key, Body: "x" }], [aws.DeleteObjectCommand, { Key }], [aws.GetObjectAclCommand, { Key }],
    [aws.ListObjectsV2Command, {}], [aws.ListObjectVersionsCommand, { Prefix: "theirs/" }], [aws.CreateMultipartUploadCommand, { Key }],
    [aws.CopyObjectCommand, { Key: "mine/stolen", CopySource: `${Bucket}/${Key}` }], [aws.CreateBucketCommand, { Bucket: Bucket + "-2" }],
    [aws.GetBucketPolicyCommand, {}], [aws.PutBucketAclCommand, { ACL: "public-read" }], [aws.DeleteBucketCommand, {}],
  ])
    await assert.rejects(send(Command, input), (e) => {
      assert.deepEqual([e.name, e.$metadata.httpStatusCode], ["AccessDenied", 403], Command.name);
      return true;
    });
});

console.log(JSON.stringify({ done: true }));
