/** Whole logs: what holds, and every way in which one may not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { useEd25519 } from "../src/ed25519.mjs";
import { verifyLog } from "../src/log.mjs";
import { useNode, verifyEd25519Node } from "../src/node.mjs";
import { parsePolicy, trustLog } from "../src/policy.mjs";
import { ANA, CALL, checkpoint, folder, honest, inMemory, leavesOf, signer } from "./writer.mjs";

useNode();
// One signature over one text is checked once: the bit flips below ask for it again and again.
/** @type {Map<string, boolean>} */
const seen = new Map();
useEd25519((key, proof, message) => {
  const asked = Buffer.concat([key, proof, message]).toString("latin1");
  if (!seen.has(asked)) seen.set(asked, verifyEd25519Node(key, proof, message));
  return seen.get(asked) ?? false;
});
const log = signer("log.example/one");
const policy = trustLog(log.vkey);

/** @param {[string, {[key: string]: unknown}][]} drafts @param {import("../src/log.mjs").Options} [options] */
function check(drafts, options = { completeness: true }) {
  return verifyLog(inMemory(folder(leavesOf(drafts), log)), policy, options);
}

/** @param {[string, {[key: string]: unknown}][]} drafts @param {number} index @param {RegExp} reason */
async function fails(drafts, index, reason) {
  const { findings } = await check(drafts);
  assert.deepEqual(
    [findings[0]?.index, reason.test(findings[0]?.reason)],
    [index, true],
    JSON.stringify(findings.slice(0, 3)),
  );
}

for (const size of [1, 2, 3, 64, 255, 256, 257, 511, 512, 700]) {
  test(`an honest log of ${size} holds, and continues every older checkpoint`, async () => {
    const leaves = leavesOf(honest(size));
    const older = [0, 1, 2, 100, 255, 256, 257, size].filter((n) => n <= size);
    const remembered = older.map((n) => checkpoint(leaves.slice(0, n), log));
    const report = await verifyLog(inMemory(folder(leaves, log)), policy, { completeness: true, remembered });
    assert.deepEqual(report.findings, []);
    assert.deepEqual(report.continues, older);
    assert.equal(
      [...report.kinds.values()].reduce((sum, n) => sum + n, 0),
      size,
    );
    assert.deepEqual(report.uncovered, []);
  });
}

test("an empty log holds", async () => {
  assert.deepEqual((await check([])).findings, []);
});

test("a large tree keeps its upper tiles honest", async () => {
  const leaves = leavesOf(honest(256 * 3 + 5));
  const files = folder(leaves, log);
  const tile = files.get("tile/1/000.p/3");
  assert.ok(tile);
  files.set(
    "tile/1/000.p/3",
    tile.map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
  );
  const { findings } = await verifyLog(inMemory(files), policy);
  assert.equal(findings[0].index, 256);
  files.delete("tile/1/000.p/3");
  assert.match((await verifyLog(inMemory(files), policy)).findings[0].reason, /missing/);
});

test("every single bit of a log of 64 entries counts", { timeout: 120_000 }, async () => {
  const short = Array.from({ length: 55 }, () => /** @type {[string, {}]} */ (["CONFIG", {}]));
  const leaves = leavesOf([...honest(9), ...short]);
  const files = folder(leaves, log);
  let flips = 0;
  for (const [path, bytes] of files) {
    if (path === "log.vkey") continue;
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const bent = Uint8Array.from(bytes);
      bent[bit >> 3] ^= 1 << (bit & 7);
      const found = await outcome(new Map(files).set(path, bent));
      assert.notEqual(found, null, `bit ${bit} of ${path}`);
      if (path === "tile/0/000.p/64") assert.equal(found, bit >> 8);
      if (path.startsWith("tile/entries")) assert.equal(found, entryAt(leaves, bit >> 3), `bit ${bit} of ${path}`);
      flips += 1;
    }
  }
  assert.ok(flips > 90_000);
});

test("a file of another width beside a tile must begin alike", async () => {
  const leaves = leavesOf(honest(300));
  const files = new Map([
    ...folder(leaves.slice(0, 100), log),
    ...folder(leaves.slice(0, 280), log),
    ...folder(leaves, log),
  ]);
  assert.deepEqual((await verifyLog(inMemory(files), policy)).findings, []);
  for (const path of ["tile/0/000.p/100", "tile/entries/000.p/100", "tile/0/001.p/24", "tile/entries/001.p/24"]) {
    const bytes = files.get(path);
    assert.ok(bytes);
    for (const bent of [bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)), bytes.subarray(1), new Uint8Array(0)]) {
      assert.match(
        (await verifyLog(inMemory(new Map(files).set(path, bent)), policy)).findings[0].reason,
        /another width/,
      );
    }
  }
  const newer = new Map([...folder(leaves, log), ...folder(leaves.slice(0, 280), log)]);
  const report = await verifyLog(inMemory(newer), policy);
  assert.deepEqual([report.findings, report.uncovered], [[], ["tile/0/001.p/44", "tile/entries/001.p/44"]]);
});

test("a full tile serves where the partial one is gone", async () => {
  const leaves = leavesOf(honest(512));
  const files = folder(leaves, log);
  files.set("checkpoint", checkpoint(leaves.slice(0, 300), log));
  files.set("tile/1/000.p/1", /** @type {Uint8Array} */ (files.get("tile/1/000.p/2")).subarray(0, 32));
  assert.deepEqual((await verifyLog(inMemory(files), policy)).findings, []);
});

test("a rewritten, cut, forked or foreign log does not continue the checkpoint that was kept", async () => {
  const leaves = leavesOf(honest(40));
  const drafts = honest(40);
  drafts[10][1].reason = "other";
  const files = inMemory(folder(leavesOf(drafts), log));
  const kept = (/** @type {number} */ n) => ({ remembered: [checkpoint(leaves.slice(0, n), log)] });
  assert.match((await verifyLog(files, policy, kept(30))).findings[0].reason, /rewritten/);
  assert.deepEqual((await verifyLog(files, policy, kept(10))).findings, []);
  assert.match((await verifyLog(files, policy, kept(40))).findings[0].reason, /rewritten/);
  const short = inMemory(folder(leaves.slice(0, 20), log));
  assert.match((await verifyLog(short, policy, kept(30))).findings[0].reason, /cut/);
  const two = signer("log.example/two");
  const both = parsePolicy(new TextEncoder().encode(`log ${log.vkey}\nlog ${two.vkey}\nquorum none\n`));
  const other = await verifyLog(files, both, { remembered: [checkpoint(leaves, two)] });
  assert.match(other.findings[0].reason, /another log/);
});

test("numbers, tenants and clocks keep their order", async () => {
  const now = honest(12);
  await fails(
    now.map(([kind, body], i) => [kind, i === 5 ? { ...body, seq: 6 } : body]),
    5,
    /numbered 6/,
  );
  await fails(
    now.map(([kind, body], i) => [kind, i === 7 ? { ...body, tenant: "other" } : body]),
    7,
    /tenant/,
  );
  const back = { t_utc: "2026-11-22T11:00:00.000000Z" };
  await fails(
    now.map(([kind, body], i) => [kind, i === 11 ? { ...body, ...back } : body]),
    11,
    /runs back/,
  );
  const ahead = { t_utc: "2026-11-22T13:00:00.000000Z" };
  await fails(
    now.map(([kind, body], i) => [kind, i === 11 ? { ...body, ...ahead } : body]),
    11,
    /drift/,
  );
  await fails(
    now.map(([kind, body], i) => [kind, i === 11 ? { ...body, t_mono: 1 } : body]),
    11,
    /monotonic/,
  );
  const noted = honest(12);
  noted[11] = ["CLOCK_ANOMALY", { ...back, back_us: 3_600_000_000 }];
  assert.deepEqual((await check(noted)).findings, []);
  const rebooted = now.map(([kind, body], i) => [kind, i === 11 ? { ...body, boot_id: "b1", t_mono: 3 } : body]);
  assert.deepEqual((await check(/** @type {any} */ (rebooted))).findings, []);
});

test("a leaf says nothing that may not stand in a log", async () => {
  for (const wrong of [
    { label: "engaged" },
    { reason: "Ana said no" },
    { counts: { face: 0.5 } },
    { t_utc: "yesterday" },
    { t_utc: "2026-13-01T12:00:00.000000Z" },
    { t_utc: "2026-02-30T12:00:00.000000Z" },
    { t_utc: "2026-11-22T12:00:00.0000000Z" },
    { v: 2 },
    { kind: "READING" },
    { t_mono: -1 },
  ]) {
    const drafts = honest(8);
    Object.assign(drafts[6][1], wrong);
    await fails(drafts, 6, /entry 6/);
  }
  const leaves = leavesOf(honest(8));
  leaves[4] = new TextEncoder().encode("{");
  assert.equal((await verifyLog(inMemory(folder(leaves, log)), policy)).findings[0].index, 4);
});

test("what is missing from a complete log is named at the entry that shows it", async () => {
  const without = (/** @type {number} */ at) => honest(10).filter((_, i) => i !== at);
  await fails(without(0), 1, /policy that was never loaded/);
  await fails(without(1), 3, /never loaded/);
  await fails(without(2), 3, /without an allowing ruling/);
  await fails(without(3), 3, /without a consent/);
  await fails(without(4), 4, /not open/);
  const change = (/** @type {number} */ at, /** @type {object} */ body) => {
    const drafts = honest(10);
    Object.assign(drafts[at][1], body);
    return drafts;
  };
  await fails(change(2, { decision: "deny" }), 4, /ruling/);
  await fails(change(4, { policy_digest: "99".repeat(32) }), 4, /ruling/);
  await fails(change(2, { consent_kind: "written_release" }), 4, /consent/);
  await fails(change(3, { status: "refused" }), 4, /consent/);
  await fails(change(3, { purpose: "support_qa" }), 4, /consent/);
  await fails(change(3, { at_us: 400_000 }), 4, /consent/);
  await fails(change(3, { modality: "voice" }), 4, /consent/);
  await fails(change(4, { model_digests: ["99".repeat(32)] }), 4, /never loaded/);
  await fails(change(4, { modalities: [] }), 4, /no modality/);
  await fails(change(5, { counts: { face: 5, voice: 1 } }), 5, /does not cover/);
  await fails(change(5, { subject_ref: "ff" }), 5, /another person/);
  await fails(change(6, { lease: "a/0" }), 7, /not open/);
  await fails(change(5, { lease: undefined }), 5, /not open/);
  assert.deepEqual((await check(change(5, { counts: { voice: 0 } }))).findings, []);
});

test("a model is needed for what is read, and none for who spoke when", async () => {
  const drafts = honest(8).filter((_, i) => i !== 1);
  for (const [, body] of drafts) delete body.model_digests;
  await fails(drafts, 4, /before any model/);
  for (const [, body] of drafts) {
    if (body.modality) body.modality = "telemetry";
    if (body.modalities) body.modalities = ["telemetry"];
    if (body.counts) body.counts = { telemetry: 3 };
  }
  assert.deepEqual((await check(drafts)).findings, []);
});

test("a lease may be open when the log is signed, but not for long, and not after a restart", async () => {
  const open = honest(10).slice(0, 9);
  const report = await check(open);
  assert.deepEqual([report.findings, report.pending], [[], 1]);
  await fails([...open, ["CONFIG", { t_mono: 99_000_000, t_utc: "2026-11-22T12:01:34.000000Z" }]], 8, /never ends/);
  await fails([...open, ["CONFIG", { boot_id: "b1" }]], 8, /never ends/);
  assert.deepEqual((await check([...open, ["RECOVERY", { ...open[8][1], reason: "interrupted" }]])).findings, []);
});

test("nothing is counted after the person stopped, and no lease follows without a new yes", async () => {
  const who = { call_ref: CALL, subject_ref: ANA, modality: "face" };
  const drafts = honest(10);
  drafts.splice(7, 0, ["OPT_OUT", { ...who, at_us: 1_200_000 }]);
  await fails(drafts, 8, /after the opt-out/);
  const late = honest(10);
  late.splice(8, 0, ["OPT_OUT", { ...who, at_us: 1_200_000 }]);
  await fails(late, 7, /beyond the opt-out/);
  /** @type {[string, any][]} */
  const again = [...honest(8).slice(0, 6), ["OPT_OUT", { ...who, at_us: 1_000_000 }], ...honest(10).slice(6)];
  /** @type {[string, any][]} */
  const moved = again.map(([kind, body], i) => [
    kind,
    i > 6 ? { ...body, start_us: 1_000_000, end_us: 2_000_000 } : body,
  ]);
  await fails(moved, 7, /without a consent/);
  const yes = { ...who, purpose: "sales_coaching", status: "given", consent_kind: "explicit", at_us: 1_000_000 };
  moved.splice(7, 0, ["CONSENT", yes]);
  assert.deepEqual((await check(moved)).findings, []);
});

test("who was erased is named, and nothing is read of them afterwards", async () => {
  /** @type {[string, any][]} */
  const erased = [...honest(8), ["ERASURE", { subject_ref: ANA, erasure_id: "e1" }]];
  const report = await check(erased);
  assert.deepEqual([report.findings, [...report.erased]], [[], [[ANA, 8]]]);
  await fails([...erased, ...honest(10).slice(8)], 9, /erased/);
});

test("retention may delete old entries when the log says so, and then older rules are not asked for", async () => {
  const other = { call_ref: "c2".repeat(16), subject_ref: "a2".repeat(16) };
  const second = honest(9)
    .slice(2)
    .map(([kind, body]) => /** @type {[string, any]} */ ([kind, { ...body, ...other }]));
  /** @type {[string, any][]} */
  const drafts = [...honest(300), ...second, ["RETENTION", { minimum: 256 }]];
  const files = folder(leavesOf(drafts), log);
  files.delete("tile/entries/000");
  const report = await verifyLog(inMemory(files), policy, { completeness: true });
  assert.deepEqual([report.findings, report.kept, report.cut], [[], 256, 1]);
  const unasked = folder(leavesOf(drafts.filter((_, i) => i !== 301)), log);
  unasked.delete("tile/entries/000");
  assert.match(
    (await verifyLog(inMemory(unasked), policy, { completeness: true })).findings[0].reason,
    /without a consent/,
  );
  const silent = folder(leavesOf(drafts.slice(0, -1)), log);
  silent.delete("tile/entries/000");
  assert.match((await verifyLog(inMemory(silent), policy)).findings[0].reason, /no RETENTION/);
  files.delete("tile/0/000");
  assert.match((await verifyLog(inMemory(files), policy)).findings[0].reason, /so is its tile/);
  const holed = folder(leavesOf(honest(600)), log);
  holed.delete("tile/entries/001");
  assert.equal((await verifyLog(inMemory(holed), policy)).findings[0].index, 256);
});

/** @param {Map<string, Uint8Array>} files @returns {Promise<number | null>} the first bad index; null when it holds */
async function outcome(files) {
  try {
    const { findings } = await verifyLog(inMemory(files), policy, { completeness: true });
    return findings[0]?.index ?? null;
  } catch (error) {
    assert.equal(/** @type {Error} */ (error).name, "Fault", String(error));
    return -1;
  }
}

/** @param {Uint8Array[]} leaves @param {number} at */
function entryAt(leaves, at) {
  let end = 0;
  return leaves.findIndex((leaf) => (end += 2 + leaf.length) > at);
}
