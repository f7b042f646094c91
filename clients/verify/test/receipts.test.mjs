/** Receipts, the protocol and the command line: what a person holds in their hand. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

import { answer } from "../src/protocol.mjs";
import { verifyLog } from "../src/log.mjs";
import { onDisk } from "../src/node.mjs";
import { trustLog } from "../src/policy.mjs";
import { verifyReceipt } from "../src/receipt.mjs";
import { tellReceipt } from "../src/receipt_words.mjs";
import { tellLog } from "../src/words.mjs";
import { PATH } from "./tree.mjs";
import {
  ANA,
  checkpoint,
  consentReceipt,
  folder,
  honest,
  inMemory,
  jcs,
  leavesOf,
  note,
  proof,
  signer,
} from "./writer.mjs";

const log = signer("log.example/one");
const place = mkdtempSync(join(tmpdir(), "verify-"));
const program = join(import.meta.dirname, "../bin/countenance-verify.mjs");
after(() => rmSync(place, { recursive: true }));

/** @param {unknown} value */
const json = (value) => new TextEncoder().encode(JSON.stringify(value, null, 2));

test("a consent receipt holds with its own key and with a known one", async () => {
  const { receipt } = consentReceipt(log);
  const report = await verifyReceipt(json(receipt));
  assert.deepEqual([report.type, report.ownKey, report.entries[0].seq], ["consent", true, 3]);
  const told = tellReceipt(report);
  assert.match(told.proven.join(" "), /face for sales coaching: given, on 2026-11-22 at 12:00 UTC/);
  assert.match(told.unproven.join(" "), /compare it with the key/);
  assert.equal((await verifyReceipt(json(receipt), { policy: trustLog(log.vkey) })).ownKey, false);
  await assert.rejects(
    verifyReceipt(json(receipt), { policy: trustLog(signer("log.example/one").vkey) }),
    /not signed by a log/,
  );
  const { proof: within, ...without } = receipt;
  await assert.rejects(verifyReceipt(json(without)), /no text `proof`/);
  assert.equal((await verifyReceipt(json(without), { proof: new TextEncoder().encode(within) })).type, "consent");
});

test("a consent receipt with any word of it changed does not hold", async () => {
  const { receipt, leaves } = consentReceipt(log);
  const purpose = { ...receipt.purposes[0], status: "refused" };
  const other = new TextDecoder().decode(proof(leaves, 4, log));
  for (const [name, value] of /** @type {[string, unknown][]} */ ([
    ["participant_id", "Ben"],
    ["purposes", [purpose]],
    ["purposes", []],
    ["extra", 1],
    ["salt", "00".repeat(32)],
    ["salt", "x"],
    ["leaf", Buffer.from(leaves[4]).toString("base64")],
    ["leaf", 7],
    ["proof", other],
    ["audit", { ...receipt.audit, seq: 4 }],
    ["audit", { ...receipt.audit, hash: "00".repeat(32) }],
    ["log", null],
    ["version", 2],
  ])) {
    await assert.rejects(verifyReceipt(json({ ...receipt, [name]: value })), { name: "Fault" }, name);
  }
});

/** A deletion receipt for two entries. */
function deletion() {
  const drafts = [
    ...honest(8),
    ["ERASURE", { subject_ref: ANA, erasure_id: "e1" }],
    ["ERASURE", { subject_ref: "ff", erasure_id: "e1" }],
  ];
  const leaves = leavesOf(/** @type {any} */ (drafts));
  const statement = {
    erasure_id: "e1",
    entries: [8, 9],
    erased_at: "2026-11-22T12:00:01.000000Z",
    keys: { epoch: 1, destroyed_at: null, destroyed_by: "2026-11-23T12:00:01.000000Z" },
  };
  const [one, two] = [8, 9].map((i) => ({
    leaf: Buffer.from(leaves[i]).toString("base64"),
    proof: new TextDecoder().decode(proof(leaves, i, log)),
  }));
  const signed = new TextDecoder().decode(note(`${new TextDecoder().decode(jcs(statement))}\n`, log));
  return { schema: "countenance.deletion.v1", statement, note: signed, ...one, more: [two], log: { vkey: log.vkey } };
}

test("a deletion receipt proves every entry it names, and says what is still to come", async () => {
  const receipt = deletion();
  const report = await verifyReceipt(json(receipt));
  assert.deepEqual(
    report.entries.map(({ seq }) => seq),
    [8, 9],
  );
  assert.match(
    tellReceipt(report).proven.join(" "),
    /deleted on 2026-11-22 .* until their key is destroyed: .* by 2026-11-23/,
  );
  for (const [name, value] of /** @type {[string, unknown][]} */ ([
    ["statement", { ...receipt.statement, erased_at: "2026-11-21T12:00:01.000000Z" }],
    ["more", []],
    ["more", 1],
    ["leaf", receipt.more[0].leaf],
    [
      "note",
      new TextDecoder().decode(
        note(`${new TextDecoder().decode(jcs(receipt.statement))}\n`, signer("log.example/one")),
      ),
    ],
    ["note", "x"],
  ])) {
    await assert.rejects(verifyReceipt(json({ ...receipt, [name]: value })), { name: "Fault" }, name);
  }
});

test("a proof that carries its entry holds under the log's key, which it does not bring", async () => {
  const leaves = leavesOf(honest(12));
  const bare = Buffer.from(proof(leaves, 5, log)).toString();
  const carrying = new TextEncoder().encode(
    bare.replace("\nindex", `\nextra ${Buffer.from(leaves[5]).toString("base64")}\nindex`),
  );
  const report = await verifyReceipt(carrying, { policy: trustLog(log.vkey) });
  assert.deepEqual([report.type, report.statement.kind], ["entry", "RESULT"]);
  assert.equal(tellReceipt(report).headline, "This entry is in the log");
  await assert.rejects(verifyReceipt(carrying), /brings no key/);
  await assert.rejects(verifyReceipt(new TextEncoder().encode(bare), { policy: trustLog(log.vkey) }), /does not carry/);
  const other = new TextEncoder().encode(
    bare.replace("\nindex", `\nextra ${Buffer.from(leaves[6]).toString("base64")}\nindex`),
  );
  await assert.rejects(verifyReceipt(other, { policy: trustLog(log.vkey) }), /not in this tree/);
});

test("a log that was signed with something missing is told from one that was changed", async () => {
  const files = folder(leavesOf(honest(9).slice(1)), log);
  const missing = tellLog(await verifyLog(inMemory(files), trustLog(log.vkey), { completeness: true }), false);
  assert.deepEqual([missing.headline, missing.proven.length], ["This log does not add up", 1]);
  files.set("tile/entries/000.p/8", new Uint8Array(9));
  const changed = tellLog(await verifyLog(inMemory(files), trustLog(log.vkey), { completeness: true }), false);
  assert.deepEqual([changed.headline, changed.proven.length], ["This log does not hold", 0]);
});

test("the protocol answers every line, whatever stands in it", async () => {
  const { receipt, leaves } = consentReceipt(log);
  const b64 = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString("base64");
  const ask = (/** @type {unknown} */ request) => answer(JSON.stringify(request), onDisk);
  const root = await ask({ op: "root", leaves: leaves.map(b64) });
  const leaf = await ask({ op: "leaf", entry: b64(leaves[2]) });
  const size = leaves.length;
  const path = PATH(2, leaves).map(b64);
  assert.equal((await ask({ op: "inclusion", leaf: leaf.hash, index: 2, size, path, root: root.root })).ok, true);
  assert.equal((await ask({ op: "inclusion", leaf: leaf.hash, index: 3, size, path, root: root.root })).ok, false);
  assert.equal(
    (await ask({ op: "proof", proof: b64(proof(leaves, 2, log)), entry: b64(leaves[2]), policy: log.vkey })).size,
    size,
  );
  assert.equal(
    (
      await ask({
        op: "checkpoint",
        checkpoint: b64(checkpoint(leaves, log)),
        policy: `log ${log.vkey}\nquorum none\n`,
      })
    ).ok,
    true,
  );
  assert.equal((await ask({ op: "note", note: b64(checkpoint(leaves, log)), keys: [log.vkey] })).ok, true);
  assert.equal((await ask({ op: "receipt", receipt: b64(json(receipt)) })).ok, true);
  for (const line of [
    "",
    "{",
    "[]",
    "null",
    '{"op":"constructor"}',
    '{"op":"root"}',
    '{"op":"inclusion","leaf":"AA=="}',
    '{"op":"log"}',
    '{"op":"note","note":"","keys":[]}',
  ]) {
    const { ok, reason } = await answer(line, onDisk);
    assert.deepEqual([ok, typeof reason], [false, "string"], line);
  }
});

/** @param {...string} args */
const run = (...args) => spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });

test("the command checks a folder and a receipt, and its exit code says how it went", () => {
  const { receipt, leaves } = consentReceipt(log);
  for (const [path, bytes] of folder(leaves, log)) {
    mkdirSync(dirname(join(place, "log", path)), { recursive: true });
    writeFileSync(join(place, "log", path), bytes);
  }
  const [file, key, kept] = [join(place, "receipt.json"), join(place, "key"), join(place, "kept")];
  writeFileSync(file, json(receipt));
  writeFileSync(key, `${log.vkey}\n`);
  writeFileSync(kept, checkpoint(leaves.slice(0, 5), log));
  const whole = run(join(place, "log"), "--key", key, "--remember", kept, "--remember", file);
  assert.match(whole.stdout, /has not been changed .*10 entries/);
  assert.match(whole.stdout, /the first 5 entries are still the same/);
  assert.equal(whole.status, 0, whole.stderr);
  const held = run(file);
  assert.deepEqual([held.status, held.stdout.split("\n")[0]], [0, "This receipt is in the log (log.example/one)."]);
  assert.equal(JSON.parse(run(file, "--json", "--key", log.vkey).stdout).type, "consent");
  writeFileSync(join(place, "log/tile/entries/000.p/10"), "x");
  const broken = run(join(place, "log"), "--json");
  assert.deepEqual([broken.status, JSON.parse(broken.stdout).findings[0].index], [1, 0]);
  assert.equal(run(join(place, "absent")).status, 1);
  assert.deepEqual([run().status, run("--wrong").status, run("--help").status], [2, 2, 0]);
  const asked = execFileSync(process.execPath, [program, "--serve-stdin"], {
    input: '{"op":"root","leaves":[]}\nx\n',
    encoding: "utf8",
  });
  assert.deepEqual(
    asked
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).ok),
    [true, false],
  );
});
