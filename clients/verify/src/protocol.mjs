/** One JSON request in, one JSON answer out: how another program asks for single checks. Bytes are base64. */

import { decodeBase64, encodeBase64, encodeUtf8 } from "./bytes.mjs";
import { canonical, parseCanonical, parseJson } from "./canonical.mjs";
import { parseCheckpoint } from "./checkpoint.mjs";
import { Fault, must } from "./fault.mjs";
import { verifyLog } from "./log.mjs";
import { checkConsistency, checkInclusion, leafHash, treeHash } from "./merkle.mjs";
import { parseKey, parseNote, verifyNote } from "./note.mjs";
import { openCheckpoint, parsePolicy, trustLog } from "./policy.mjs";
import { parseProof, verifyProof } from "./proof.mjs";
import { verifyReceipt } from "./receipt.mjs";

/**
 * @typedef {{[key: string]: import("./json.d.ts").Json}} Table
 * @typedef {{ok: boolean, reason?: string, index?: number | null, [key: string]: unknown}} Answer
 * @typedef {(folder: string) => import("./folder.mjs").Files} Open
 */

/** @type {{[op: string]: (request: Table, open: Open) => Promise<Table> | Table | void}} */
const CHECKS = {
  root: ({ leaves }) => ({ root: encodeBase64(treeHash(list(leaves, "leaves").map(leafHash))) }),
  leaf: ({ entry }) => ({ hash: encodeBase64(leafHash(bytes(entry, "entry"))) }),
  canonical: ({ json }) => ({ canonical: canonical(parseCanonical(bytes(json, "json"), "the text")) }),
  inclusion: ({ leaf, index, size, path, root }) => {
    const hashes = hashList(path, "path");
    checkInclusion(hash(leaf, "leaf"), whole(index, "index"), whole(size, "size"), hashes, hash(root, "root"));
  },
  consistency: ({ old, size, path, old_root, root }) => {
    const hashes = hashList(path, "path");
    checkConsistency(whole(old, "old"), whole(size, "size"), hashes, hash(old_root, "old_root"), hash(root, "root"));
  },
  note: async ({ note, keys }) => {
    must(Array.isArray(keys), "`keys` is not a list");
    const signed = await verifyNote(parseNote(bytes(note, "note")), keys.map(String).map(parseKey));
    must(signed.length > 0, "no known key has signed the note");
    return { signed: signed.map(({ key }) => key.name) };
  },
  checkpoint: async ({ checkpoint, policy }) => {
    if (policy === undefined) return told(parseCheckpoint(bytes(checkpoint, "checkpoint")));
    const trusted = await openCheckpoint(bytes(checkpoint, "checkpoint"), trust(policy));
    return { ...told(trusted.checkpoint), witnesses: trusted.witnesses.map(({ name }) => name) };
  },
  policy: ({ policy }) => void parsePolicy(bytes(policy, "policy")),
  proof: async ({ proof, entry, leaf, policy }) => {
    const logged = leaf === undefined ? leafHash(bytes(entry, "entry")) : hash(leaf, "leaf");
    return told((await verifyProof(parseProof(bytes(proof, "proof")), logged, trust(policy))).checkpoint);
  },
  receipt: async ({ receipt, proof, policy }) => {
    const beside = {
      ...(policy === undefined ? {} : { policy: trust(policy) }),
      ...(proof === undefined ? {} : { proof: bytes(proof, "proof") }),
    };
    return told((await verifyReceipt(bytes(receipt, "receipt"), beside)).trusted.checkpoint);
  },
  log: async ({ folder, policy, remembered, completeness }, open) => {
    must(typeof folder === "string", "`folder` is not a path");
    const kept = remembered === undefined ? [] : list(remembered, "remembered");
    const options = { completeness: completeness === true, remembered: kept };
    const { findings, trusted } = await verifyLog(open(folder), trust(policy), options);
    if (findings.length > 0) throw new Fault(findings[0].reason, findings[0].index);
    return told(trusted.checkpoint);
  },
};

/**
 * The answer to one line; a line that is no request is answered too.
 * @param {string} line
 * @param {Open} open how this program opens a folder
 * @returns {Promise<Answer>}
 */
export async function answer(line, open) {
  try {
    const request = parseJson(line, "the request");
    must(request !== null && typeof request === "object" && !Array.isArray(request), "the request is not an object");
    const check = Object.hasOwn(CHECKS, String(request.op)) ? CHECKS[String(request.op)] : undefined;
    must(check, `unknown op; use one of ${Object.keys(CHECKS).join(", ")}`);
    return { ok: true, ...(await check(request, open)) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, reason: error.message, index: error.index ?? null };
  }
}

/**
 * @param {import("./checkpoint.mjs").Checkpoint} checkpoint
 * @returns {Table}
 */
function told({ origin, size, root }) {
  return { origin, size, root: encodeBase64(root) };
}

/**
 * A policy file, or one log's key as the whole policy.
 * @param {Table[string] | undefined} policy
 * @returns {import("./policy.mjs").Policy}
 */
function trust(policy) {
  must(typeof policy === "string", "`policy` is not a text");
  return /^\s*(?:log|witness|group|quorum|#)[ \t]/m.test(policy) ? parsePolicy(encodeUtf8(policy)) : trustLog(policy);
}

/**
 * @param {Table[string] | undefined} value
 * @param {string} name
 * @returns {Uint8Array}
 */
function bytes(value, name) {
  must(typeof value === "string", `\`${name}\` is not base64`);
  return decodeBase64(value, `\`${name}\``);
}

/**
 * @param {Table[string] | undefined} value
 * @param {string} name
 * @returns {Uint8Array}
 */
function hash(value, name) {
  const found = bytes(value, name);
  must(found.length === 32, `\`${name}\` is not 32 bytes long`);
  return found;
}

/**
 * @param {Table[string] | undefined} value
 * @param {string} name
 * @returns {Uint8Array[]}
 */
function list(value, name) {
  must(Array.isArray(value), `\`${name}\` is not a list`);
  return value.map((item) => bytes(item, name));
}

/**
 * @param {Table[string] | undefined} value
 * @param {string} name
 * @returns {Uint8Array[]}
 */
function hashList(value, name) {
  must(Array.isArray(value) && value.length <= 64, `\`${name}\` is not a list of at most 64 hashes`);
  return value.map((item) => hash(item, name));
}

/**
 * @param {Table[string] | undefined} value
 * @param {string} name
 * @returns {number}
 */
function whole(value, name) {
  must(typeof value === "number" && Number.isSafeInteger(value) && value >= 0, `\`${name}\` is not a whole number`);
  return value;
}
