/** Files that the product wrote, kept here: the formats do not drift apart. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { useEd25519 } from "../src/ed25519.mjs";
import { leafHash } from "../src/merkle.mjs";
import { verifyLog } from "../src/log.mjs";
import { onDisk, useNode, verifyEd25519Node } from "../src/node.mjs";
import { parsePolicy } from "../src/policy.mjs";
import { parseProof, verifyProof } from "../src/proof.mjs";
import { verifyReceipt } from "../src/receipt.mjs";

useNode();
const place = join(import.meta.dirname, "golden");
const bytes = (/** @type {string} */ name) => new Uint8Array(readFileSync(join(place, name)));
const policy = parsePolicy(bytes("trust.policy"));

test("a log of the product holds, its quorum met, everything complete", async () => {
  const report = await verifyLog(onDisk(join(place, "log")), policy, { completeness: true });
  assert.deepEqual([report.findings, report.trusted.checkpoint.size, report.intact], [[], 40, true]);
  assert.deepEqual(report.trusted.witnesses, [{ name: "witness.example/w1", time: 1_790_000_000n }]);
});

test("receipts of the product hold", async () => {
  const [consent, deletion] = [
    await verifyReceipt(bytes("receipt.json")),
    await verifyReceipt(bytes("deletion-receipt.json")),
  ];
  assert.deepEqual([consent.type, consent.statement.participant_id], ["consent", "Ana M\u00fcller \u2013 \u8a9e"]);
  assert.deepEqual([deletion.type, deletion.entries.map(({ seq }) => seq)], ["deletion", deletion.statement.entries]);
});

test("every single bit of a proof counts, its cosignature too", async () => {
  // WebCrypto would be asked for the same key a thousand times: Node's own way is quicker here.
  useEd25519(verifyEd25519Node);
  const whole = bytes("entry-7.tlog-proof");
  const { extra } = parseProof(whole);
  assert.ok(extra);
  const entry = leafHash(extra);
  const carried = Buffer.from(whole).indexOf("index ");
  for (let bit = carried * 8; bit < whole.length * 8; bit += 1) {
    const bent = Uint8Array.from(whole);
    bent[bit >> 3] ^= 1 << (bit & 7);
    await assert.rejects(async () => verifyProof(parseProof(bent), entry, policy), { name: "Fault" }, `bit ${bit}`);
  }
});
