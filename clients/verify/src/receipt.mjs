/** Receipts that a person keeps: what was said, the leaf that commits to it, and the proof that the leaf is logged. */

import { decodeBase64, decodeHex, decodeUtf8, encodeHex, encodeUtf8 } from "./bytes.mjs";
import { canonical, parseJson } from "./canonical.mjs";
import { DELETION, verifyDeletion } from "./deletion.mjs";
import { parseEntry } from "./entry.mjs";
import { must } from "./fault.mjs";
import { leafHash } from "./merkle.mjs";
import { trustLog } from "./policy.mjs";
import { isProof, parseProof, verifyProof } from "./proof.mjs";
import { hmacSha256 } from "./sha256.mjs";
import { table, text } from "./table.mjs";

const MAX_RECEIPT_BYTES = 10_000_000;
/** What a consent receipt has beside the statement that the log commits to. */
const WRAPPING = ["audit", "salt", "leaf", "log", "proof"];

/** @typedef {import("./entry.mjs").Entry} Entry */
/** @typedef {import("./policy.mjs").Trusted} Trusted */
/** @typedef {import("./table.mjs").Table} Table */

/**
 * @typedef {object} ReceiptReport
 * @property {"consent" | "deletion" | "entry"} type
 * @property {Table} statement
 * @property {Entry[]} entries the entries of the log that it stands on
 * @property {Trusted} trusted
 * @property {boolean} ownKey true when the log's key was taken from the receipt itself
 *
 * @typedef {object} Beside what comes with a receipt
 * @property {import("./policy.mjs").Policy} [policy] whom to trust; the receipt's own key where it is left out
 * @property {Uint8Array} [proof] the `.tlog-proof` file beside it, where the proof is not within
 */

/**
 * A receipt that holds; a fault otherwise.
 * @param {Uint8Array} bytes
 * @param {Beside} [beside]
 * @returns {Promise<ReceiptReport>}
 */
export async function verifyReceipt(bytes, beside = {}) {
  must(bytes.length <= MAX_RECEIPT_BYTES, "the receipt is too long");
  if (isProof(bytes)) return verifyEntry(bytes, beside.policy);
  const receipt = table(parseJson(decodeUtf8(bytes, "the receipt"), "the receipt"), "receipt");
  const policy = beside.policy ?? trustLog(text(table(receipt.log, "log").vkey, "log.vkey"));
  const ownKey = beside.policy === undefined;
  if (receipt.schema === DELETION) return { type: "deletion", ownKey, ...(await verifyDeletion(receipt, policy)) };
  const leaf = decodeBase64(text(receipt.leaf, "leaf"), "the receipt's leaf");
  const proof = parseProof(beside.proof ?? encodeUtf8(text(receipt.proof, "proof")));
  const entry = parseEntry(leaf, proof.index);
  must(entry.seq === proof.index, "the receipt's leaf is numbered otherwise than its proof");
  const trusted = await verifyProof(proof, leafHash(leaf), policy);
  const statement = Object.fromEntries(Object.entries(receipt).filter(([name]) => !WRAPPING.includes(name)));
  checkStatement(receipt, statement, entry);
  const audit = table(receipt.audit, "audit");
  must(
    audit.seq === entry.seq && audit.hash === encodeHex(leafHash(leaf)),
    "the receipt names another entry than its proof",
  );
  return { type: "consent", statement, entries: [entry], trusted, ownKey };
}

/**
 * A proof that carries its entry: `countenance audit prove` writes them.
 * @param {Uint8Array} bytes
 * @param {import("./policy.mjs").Policy | undefined} policy
 * @returns {Promise<ReceiptReport>}
 */
async function verifyEntry(bytes, policy) {
  const proof = parseProof(bytes);
  must(proof.extra !== null, "the proof does not carry the entry that it speaks of: add the receipt it belongs to");
  must(policy !== undefined, "a proof brings no key of the log with it: give the key that the organisation publishes");
  const trusted = await verifyProof(proof, leafHash(proof.extra), policy);
  const entry = parseEntry(proof.extra, proof.index);
  must(entry.seq === proof.index, "the entry is numbered otherwise than its proof");
  return { type: "entry", statement: entry.body, entries: [entry], trusted, ownKey: false };
}

/**
 * The commitment in the leaf opens to the statement, and the leaf's plain fields say the same.
 * @param {Table} receipt
 * @param {Table} statement
 * @param {Entry} entry
 */
function checkStatement(receipt, statement, entry) {
  const salt = decodeHex(text(receipt.salt, "salt"), "the receipt's salt");
  const commitment = encodeHex(hmacSha256(salt, encodeUtf8(canonical(statement))));
  must(entry.kind === "CONSENT", "the receipt's leaf is not about a consent");
  must(entry.body.payload_commit === commitment, "the receipt was altered: the log holds a commitment to other words");
  const { purposes, receipt_id, version } = statement;
  must(Array.isArray(purposes) && purposes.length === 1, "the receipt does not name one purpose");
  const { modality, purpose, status } = table(purposes[0], "purposes[0]");
  for (const [name, value] of Object.entries({ receipt_id, version, modality, purpose, status })) {
    must(value !== undefined && entry.body[name] === value, `the receipt and the log do not agree on \`${name}\``);
  }
}
