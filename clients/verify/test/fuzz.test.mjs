/** Whatever comes in, the answer is a fault or a value, in time; seeded, so that a failure comes again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseCanonical } from "../src/canonical.mjs";
import { parseCheckpoint } from "../src/checkpoint.mjs";
import { parseEntry } from "../src/entry.mjs";
import { Fault } from "../src/fault.mjs";
import { verifyLog } from "../src/log.mjs";
import { useNode } from "../src/node.mjs";
import { parseKey, parseNote } from "../src/note.mjs";
import { parsePolicy, trustLog } from "../src/policy.mjs";
import { parseProof } from "../src/proof.mjs";
import { verifyReceipt } from "../src/receipt.mjs";
import { parseBundle } from "../src/tiles.mjs";
import { checkpoint, consentReceipt, folder, honest, inMemory, leavesOf, proof, signer } from "./writer.mjs";

useNode();
const log = signer("log.example/one");
const { receipt, leaves } = consentReceipt(log);
const files = folder(leavesOf(honest(300)), log);
const seeds = {
  note: checkpoint(leaves, log),
  proof: proof(leaves, 3, log),
  policy: new TextEncoder().encode(`log ${log.vkey}\nwitness w ${signer("w", 4).vkey}\ngroup g any w\nquorum g\n`),
  key: new TextEncoder().encode(log.vkey),
  leaf: leaves[4],
  receipt: new TextEncoder().encode(JSON.stringify(receipt)),
};
/** @type {[keyof typeof seeds, (bytes: Uint8Array) => unknown][]} */
const parsers = [
  ["note", parseNote],
  ["note", parseCheckpoint],
  ["proof", parseProof],
  ["policy", parsePolicy],
  ["key", (bytes) => parseKey(new TextDecoder().decode(bytes))],
  ["leaf", (bytes) => parseCanonical(bytes, "it")],
  ["leaf", (bytes) => parseEntry(bytes, 4)],
  ["leaf", (bytes) => parseBundle(bytes, 256, "b", 0)],
];

/** A small generator (xorshift32). @param {number} seed */
function random(seed) {
  let x = seed;
  return (/** @type {number} */ below) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % below;
  };
}

/** A few bytes changed, cut, doubled or put in. @param {Uint8Array} bytes @param {(below: number) => number} pick */
function bend(bytes, pick) {
  let bent = Array.from(bytes);
  for (let n = 1 + pick(3); n > 0; n -= 1) {
    const at = pick(bent.length + 1);
    const odd = [0, 9, 10, 13, 32, 43, 255, 128, 123, 91, 48][pick(11)];
    const way = pick(5);
    if (way === 0) bent[at % Math.max(1, bent.length)] ^= 1 << pick(8);
    else if (way === 1) bent.splice(at, pick(40));
    else if (way === 2) bent.splice(at, 0, ...bent.slice(at, at + pick(200)));
    else if (way === 3) bent.splice(at, 0, odd);
    else bent = bent.slice(0, at);
  }
  return Uint8Array.from(bent);
}

test("bent bytes end in a fault or a value in every parser", () => {
  const pick = random(20261122);
  for (let i = 0; i < 20_000; i += 1) {
    const [name, parse] = parsers[i % parsers.length];
    try {
      parse(bend(seeds[name], pick));
    } catch (error) {
      assert.ok(error instanceof Fault, `${name} ${i}: ${error}`);
    }
  }
});

test("a bent receipt never says other words than the log holds", async () => {
  const pick = random(77);
  const honestly = JSON.stringify((await verifyReceipt(seeds.receipt)).statement);
  let held = 0;
  for (let i = 0; i < 3_000; i += 1) {
    try {
      const report = await verifyReceipt(bend(seeds.receipt, pick), { policy: trustLog(log.vkey) });
      assert.equal(JSON.stringify(report.statement), honestly);
      held += 1;
    } catch (error) {
      assert.ok(error instanceof Fault, `${i}: ${error}`);
    }
  }
  // White space between members and doubled members change nothing that is said.
  assert.ok(held < 600, String(held));
});

test("a log with bent, lost or exchanged files never holds", async () => {
  const pick = random(5);
  const names = [...files.keys()].filter((path) => path !== "log.vkey");
  for (let i = 0; i < 600; i += 1) {
    const bent = new Map(files);
    const [one, other] = [names[pick(names.length)], names[pick(names.length)]];
    const bytes = /** @type {Uint8Array} */ (files.get(one));
    const way = pick(3);
    if (way === 0) bent.delete(one);
    else bent.set(one, way === 1 ? bend(bytes, pick) : /** @type {Uint8Array} */ (files.get(other)));
    if (Buffer.compare(bytes, bent.get(one) ?? new Uint8Array(0)) === 0) continue;
    try {
      const { findings } = await verifyLog(inMemory(bent), trustLog(log.vkey));
      assert.ok(findings.length > 0, `${i}: ${one}`);
    } catch (error) {
      assert.ok(error instanceof Fault, `${i}: ${error}`);
    }
  }
});
