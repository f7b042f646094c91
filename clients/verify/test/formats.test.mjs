/** Single formats: hashes, trees, notes, policies, proofs, canonical JSON. */

import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";

import { decodeBase64, decodeDecimal } from "../src/bytes.mjs";
import { parseCanonical } from "../src/canonical.mjs";
import { parseCheckpoint } from "../src/checkpoint.mjs";
import { verifyEd25519 } from "../src/ed25519.mjs";
import { checkConsistency, checkInclusion, emptyRoot, leafHash, treeHash } from "../src/merkle.mjs";
import { parseKey, parseNote, verifyNote } from "../src/note.mjs";
import { openCheckpoint, parsePolicy, trustLog } from "../src/policy.mjs";
import { parseProof, verifyProof } from "../src/proof.mjs";
import { hmacSha256, sha256Plain } from "../src/sha256.mjs";
import { cutBundle, parseBundle, tilePath } from "../src/tiles.mjs";
import { MTH, PATH, PROOF } from "./tree.mjs";
import { bundle, checkpoint, honest, leavesOf, note, proof, signer } from "./writer.mjs";

/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);
const hex = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString("hex");
/** @param {number} n */
const some = (n) => Array.from({ length: n }, (_, i) => utf8(`entry ${i}`));

test("SHA-256 and HMAC in plain JavaScript are those of Node", () => {
  for (let n = 0; n < 300; n += 1) {
    const data = randomBytes(n);
    assert.equal(hex(sha256Plain(data)), createHash("sha256").update(data).digest("hex"));
    assert.equal(hex(hmacSha256(data, utf8("x"))), createHmac("sha256", data).update("x").digest("hex"));
  }
});

test("the tree has the root of the RFC 6962 test vector", () => {
  const vector = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
  const hashes = vector.map((entry) => leafHash(Buffer.from(entry, "hex")));
  assert.equal(hex(treeHash(hashes)), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
  assert.equal(hex(emptyRoot()), createHash("sha256").digest("hex"));
});

test("every inclusion and consistency proof of every small tree holds, and none with one bit changed", () => {
  for (let n = 1; n <= 20; n += 1) {
    const D = some(n);
    const root = MTH(D);
    assert.deepEqual(treeHash(D.map(leafHash)), root);
    for (let m = 0; m < n; m += 1) {
      const path = PATH(m, D);
      checkInclusion(leafHash(D[m]), m, n, path, root);
      path.forEach((_, i) => {
        const bent = path.map((hash, j) => (i === j ? hash.map((byte, at) => (at === 3 ? byte ^ 16 : byte)) : hash));
        assert.throws(() => checkInclusion(leafHash(D[m]), m, n, bent, root));
      });
      assert.throws(() => checkInclusion(leafHash(D[m]), m, n, [...path, root], root));
      if (path.length > 0) assert.throws(() => checkInclusion(leafHash(D[m]), m, n, path.slice(1), root));
      assert.throws(() => checkInclusion(leafHash(D[m]), m + n, n, path, root));
    }
    for (let m = 0; m <= n; m += 1) {
      const [old, path] = [MTH(D.slice(0, m)), PROOF(m, D)];
      checkConsistency(m, n, path, old, root);
      assert.throws(() => checkConsistency(m, n, [...path, root], old, root));
      if (m > 0 && m < n) assert.throws(() => checkConsistency(m, n, path, root, root));
      if (m > 0 && m < n) assert.throws(() => checkConsistency(m, n, path, old, old));
      if (path.length > 0) assert.throws(() => checkConsistency(m, n, path.slice(1), old, root));
    }
    assert.throws(() => checkConsistency(n + 1, n, [], root, root));
  }
});

test("a key that is not its own id, not Ed25519 or not whole is refused", () => {
  const log = signer("log.example/one");
  assert.equal(parseKey(log.vkey).name, "log.example/one");
  for (const wrong of [
    log.vkey.replace("one", "two"),
    log.vkey.slice(0, -4),
    log.vkey.replace(/\+.{8}\+/, "+00000000+"),
    "log.example+abc",
    "",
    signer("x", 6).vkey,
  ]) {
    assert.throws(() => parseKey(wrong), { name: "Fault" });
  }
});

test("a note holds when a known key signed it, and not when its signature fails", async () => {
  const [log, other] = [signer("a.example"), signer("b.example")];
  const signed = note("text\n\nmore\n", log, other);
  assert.equal((await verifyNote(parseNote(signed), [parseKey(log.vkey)])).length, 1);
  assert.equal((await verifyNote(parseNote(signed), [])).length, 0);
  const changed = Buffer.from(Buffer.from(signed).toString().replace("more", "less"));
  await assert.rejects(verifyNote(parseNote(changed), [parseKey(log.vkey)]), /does not fit/);
  assert.deepEqual(await verifyNote(parseNote(changed), [parseKey(signer("a.example").vkey)]), []);
});

test("WebCrypto is asked as a browser would be, and says when it cannot", async () => {
  const log = signer("a.example");
  const [key, message] = [parseKey(log.vkey), utf8("text")];
  const made = new Uint8Array(log.sign(message));
  assert.equal(await verifyEd25519(key.bytes, made, message), true);
  assert.equal(await verifyEd25519(key.bytes, made, utf8("test")), false);
  assert.equal(await verifyEd25519(key.bytes, made.slice(1), message), false);
  const { subtle } = globalThis.crypto;
  for (const broken of [{ importKey: () => Promise.reject(new DOMException("", "NotSupportedError")) }, undefined]) {
    Object.defineProperty(globalThis.crypto, "subtle", { value: broken, configurable: true });
    await assert.rejects(verifyEd25519(key.bytes, made, message), /use a newer one/);
  }
  Object.defineProperty(globalThis.crypto, "subtle", { value: subtle, configurable: true });
});

test("texts that are no notes are refused by name", () => {
  for (const [text, why] of [
    ["text\n", /blank line/],
    ["text\n\n", /no signature/],
    ["text\n\n\u2014 a.example AAAAAAAA", /newline/],
    ["te\txt\n\n\u2014 a.example AAAAAAAA\n", /control/],
    ["text\n\n- a.example AAAAAAAA\n", /malformed/],
    ["text\n\n\u2014 a.example AAAA\n", /too short/],
    ["text\n\n\u2014 a.example AAAAAAB=\n", /one form/],
    ["text\n\n\u2014 a+b AAAAAAAA\n", /names no key/],
  ]) {
    assert.throws(() => parseNote(utf8(String(text))), { name: "Fault", message: why });
  }
  assert.throws(() => parseNote(Uint8Array.of(0xff, 10, 10)), /UTF-8/);
  assert.throws(() => parseNote(new Uint8Array(600_000)), /too long/);
});

test("checkpoints are three lines and more, none empty", () => {
  const log = signer("log.example");
  const root = Buffer.alloc(32).toString("base64");
  assert.deepEqual(parseCheckpoint(note(`log.example\n0\n${root}\nmore\n`, log)).extensions, ["more"]);
  for (const text of [
    `log.example\n0\n`,
    `log.example\n01\n${root}\n`,
    `log.example\n0\nAAAA\n`,
    `log.example\n0\n${root}\n\nx\n`,
    `log.example\n9007199254740993\n${root}\n`,
  ]) {
    assert.throws(() => parseCheckpoint(note(text, log)), { name: "Fault" });
  }
});

test("a quorum of witnesses is counted through groups", async () => {
  const log = signer("log.example");
  const seen = ["x", "y", "z"].map((name) => signer(`${name}.example`, 4));
  const lines = seen.map((one, i) => `witness w${i} ${one.vkey}`).join("\n");
  const policy = parsePolicy(
    utf8(`# trust\nlog ${log.vkey} https://log.example\n${lines}\ngroup two 2 w0 w1 w2\nquorum two\n`),
  );
  const D = some(3);
  const trusted = await openCheckpoint(checkpoint(D, log, seen[0], seen[2]), policy);
  assert.deepEqual(
    trusted.witnesses.map(({ name }) => name),
    ["x.example", "z.example"],
  );
  await assert.rejects(openCheckpoint(checkpoint(D, log, seen[1]), policy), /quorum/);
  await assert.rejects(openCheckpoint(checkpoint(D, log, signer("x.example", 4), seen[1]), policy), /quorum/);
  await assert.rejects(openCheckpoint(checkpoint(D, signer("log.example"), ...seen), policy), /not signed by a log/);
  await assert.rejects(
    openCheckpoint(note("other.example\n0\n" + Buffer.alloc(32).toString("base64") + "\n", log), policy),
    /not signed/,
  );
});

test("policies that say two things, or nothing, are refused", () => {
  const [log, witness] = [signer("log.example"), signer("w.example", 4)];
  for (const text of [
    `log ${log.vkey}\n`,
    `log ${log.vkey}\nlog ${log.vkey}\nquorum none\n`,
    `log ${witness.vkey}\nquorum none\n`,
    `witness w ${log.vkey}\nquorum w\n`,
    `witness w ${witness.vkey}\nwitness v ${witness.vkey}\nquorum w\n`,
    `witness none ${witness.vkey}\nquorum none\n`,
    `witness w ${witness.vkey}\ngroup g 2 w\nquorum g\n`,
    `witness w ${witness.vkey}\ngroup g 0 w\nquorum g\n`,
    `witness w ${witness.vkey}\ngroup g any w\ngroup h any w\nquorum g\n`,
    `witness w ${witness.vkey}\ngroup g any w w\nquorum g\n`,
    `group g any none\nquorum g\n`,
    `group g any\nquorum g\n`,
    `quorum late\nwitness late ${witness.vkey}\n`,
    "quorum none\nquorum none\n",
    "quorum none\nfoo\n",
    "quorum none\r\n",
    "",
  ]) {
    assert.throws(() => parsePolicy(utf8(text)), { name: "Fault" }, text);
  }
});

test("a proof file holds for its own entry only", async () => {
  const log = signer("log.example");
  const D = leavesOf(honest(11));
  const policy = trustLog(log.vkey);
  for (let i = 0; i < D.length; i += 1) {
    const parsed = parseProof(proof(D, i, log));
    assert.equal((await verifyProof(parsed, leafHash(D[i]), policy)).checkpoint.size, 11);
    await assert.rejects(verifyProof(parsed, leafHash(D[(i + 1) % 11]), policy), /not in this tree/);
  }
  const text = Buffer.from(proof(D, 4, log)).toString();
  assert.equal(parseProof(utf8(text.replace("\nindex", "\nextra AAAA\nindex"))).extra?.length, 3);
  for (const wrong of [
    text.replace("@v1", "@v2"),
    text.replace("index 4", "index 04"),
    text.replace("index 4\n", ""),
    text.replace("\n\n", "\n"),
  ]) {
    assert.throws(() => parseProof(utf8(wrong)), { name: "Fault" });
  }
});

test("only the one form of JSON is read", () => {
  for (const good of [
    '{"a":1,"b":[true,null,"\u00e9"]}',
    '{"10":1,"9":2}',
    '{"":0}',
    '{"a":"\\u0001\\\\u1234"}',
    '{"__proto__":1}',
  ]) {
    parseCanonical(utf8(good), "it");
  }
  for (const bad of [
    '{"b":1,"a":2}',
    '{"9":2,"10":1}',
    '{"a": 1}',
    '{"a":1.0}',
    '{"a":-0}',
    '{"a":1,"a":1}',
    '{"a":9007199254740993}',
    '{"a":"\\u00e9"}',
    '{"a":"\\ud800"}',
    '{"a":"\\/"}',
    "{",
    "",
    "\ufeff{}",
    `${"[".repeat(40)}${"]".repeat(40)}`,
    "[".repeat(60_000),
    '{"a":1}\n',
  ]) {
    assert.throws(() => parseCanonical(utf8(bad), "it"), { name: "Fault" }, bad.slice(0, 40));
  }
});

test("numbers and base64 have one text each", () => {
  for (const wrong of ["", "01", "-1", "1.0", "1e3", "9007199254740992", " 1", "0x1"])
    assert.throws(() => decodeDecimal(wrong, "n"));
  for (const wrong of ["A", "AA", "AA=", "AB==", "AA==\n", "A-A=", "AAAA=="])
    assert.throws(() => decodeBase64(wrong, "it"));
});

test("tiles stand where the specification says, and bundles end where they end", () => {
  assert.equal(tilePath(0, 1234067, 256), "tile/0/x001/x234/067");
  assert.equal(tilePath("entries", 0, 7), "tile/entries/000.p/7");
  const data = bundle(some(3));
  assert.equal(parseBundle(data, 3, "b", 0).fault, null);
  assert.equal(parseBundle(data.subarray(0, -1), 3, "b", 256).fault?.index, 258);
  assert.equal(parseBundle(data, 2, "b", 0).fault?.index, 1);
  assert.deepEqual(cutBundle(data, 2), bundle(some(2)));
});
