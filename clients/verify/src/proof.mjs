/** Offline proofs (c2sp.org/tlog-proof): one entry, the way up to the root, and the checkpoint that states the root. */

import { decodeBase64, decodeDecimal, decodeUtf8, encodeUtf8 } from "./bytes.mjs";
import { must } from "./fault.mjs";
import { checkInclusion } from "./merkle.mjs";
import { MAX_NOTE_BYTES } from "./note.mjs";
import { openCheckpoint } from "./policy.mjs";

const HEADER = "c2sp.org/tlog-proof@v1";
const MAX_PROOF_BYTES = MAX_NOTE_BYTES + 256 * 1024;
const MAX_PATH = 63;

/**
 * @typedef {object} Proof
 * @property {Uint8Array | null} extra not authenticated by anything
 * @property {number} index
 * @property {Uint8Array[]} path
 * @property {Uint8Array} checkpoint the signed note, as it stands in the proof
 */

/**
 * True for what begins like a proof file.
 * @param {Uint8Array} bytes
 * @returns {boolean}
 */
export function isProof(bytes) {
  return encodeUtf8(HEADER).every((byte, i) => bytes[i] === byte);
}

/**
 * @param {Uint8Array} bytes
 * @returns {Proof}
 */
export function parseProof(bytes) {
  must(bytes.length <= MAX_PROOF_BYTES, "the proof is too long");
  const whole = decodeUtf8(bytes, "the proof");
  const split = whole.indexOf("\n\n");
  must(split >= 0, "the proof holds no checkpoint");
  const lines = whole.slice(0, split).split("\n");
  must(lines.shift() === HEADER, `the proof does not begin with ${HEADER}`);
  const extra = lines[0]?.startsWith("extra ") ? decodeBase64(lines[0].slice(6), "the proof's extra data") : null;
  if (extra !== null) lines.shift();
  must(extra === null || extra.length > 0, "the proof's line of extra data is empty");
  const index = lines.shift();
  must(index !== undefined && index.startsWith("index "), "the proof states no index");
  must(lines.length <= MAX_PATH, "the proof is longer than any tree is high");
  const path = lines.map((line) => decodeBase64(line, "a hash in the proof"));
  must(
    path.every((hash) => hash.length === 32),
    "a hash in the proof is not 32 bytes long",
  );
  return {
    extra,
    index: decodeDecimal(index.slice(6), "the proof's index"),
    path,
    checkpoint: encodeUtf8(whole.slice(split + 2)),
  };
}

/**
 * Ends in a fault unless the policy trusts the checkpoint and the leaf stands at the proof's index.
 * @param {Proof} proof
 * @param {Uint8Array} leaf the leaf hash
 * @param {import("./policy.mjs").Policy} policy
 * @returns {Promise<import("./policy.mjs").Trusted>}
 */
export async function verifyProof(proof, leaf, policy) {
  const trusted = await openCheckpoint(proof.checkpoint, policy);
  checkInclusion(leaf, proof.index, trusted.checkpoint.size, proof.path, trusted.checkpoint.root);
  return trusted;
}
