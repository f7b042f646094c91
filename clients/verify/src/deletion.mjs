/** Deletion receipts: what was erased and when, signed by the log's key, and the ERASURE entries that say so too. */

import { decodeBase64, encodeUtf8 } from "./bytes.mjs";
import { canonical } from "./canonical.mjs";
import { parseEntry } from "./entry.mjs";
import { must } from "./fault.mjs";
import { leafHash } from "./merkle.mjs";
import { parseNote, verifyNote } from "./note.mjs";
import { parseProof, verifyProof } from "./proof.mjs";
import { table, text } from "./table.mjs";

export const DELETION = "countenance.deletion.v1";

/** @typedef {import("./table.mjs").Table} Table */
/** @typedef {import("./policy.mjs").Policy} Policy */

/**
 * A deletion that holds; a fault otherwise.
 * @param {Table} receipt
 * @param {Policy} policy
 * @returns {Promise<Pick<import("./receipt.mjs").ReceiptReport, "statement" | "entries" | "trusted">>}
 */
export async function verifyDeletion(receipt, policy) {
  const statement = table(receipt.statement, "statement");
  const note = parseNote(encodeUtf8(text(receipt.note, "note")));
  must(note.text === `${canonical(statement)}\n`, "the receipt does not say what was signed");
  const signed = await verifyNote(note, policy.logs);
  must(signed.length > 0, "the deletion is not signed by a log that you trust");
  const more = receipt.more ?? [];
  must(Array.isArray(more), "the receipt's further entries are no list");
  const proven = [];
  for (const one of [receipt, ...more]) proven.push(await prove(table(one, "more"), statement, policy));
  const named = JSON.stringify(statement.entries);
  must(
    JSON.stringify(proven.map(({ entry }) => entry.seq)) === named,
    "the receipt does not prove all the entries it names",
  );
  return { statement, entries: proven.map(({ entry }) => entry), trusted: proven[0].trusted };
}

/**
 * One ERASURE entry, with the proof that it is in the log.
 * @param {Table} one
 * @param {Table} statement
 * @param {Policy} policy
 */
async function prove(one, statement, policy) {
  const leaf = decodeBase64(text(one.leaf, "leaf"), "the receipt's leaf");
  const proof = parseProof(encodeUtf8(text(one.proof, "proof")));
  const trusted = await verifyProof(proof, leafHash(leaf), policy);
  const entry = parseEntry(leaf, proof.index);
  must(entry.seq === proof.index && entry.kind === "ERASURE", `entry ${proof.index} is not an erasure`);
  must(
    typeof statement.erasure_id === "string" && entry.body.erasure_id === statement.erasure_id,
    `entry ${proof.index} is not the erasure of this receipt`,
  );
  return { entry, trusted };
}
