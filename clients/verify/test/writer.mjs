/** Logs, notes and receipts as a honest log writes them; only tests write. */

import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";

import { MTH, PATH } from "./tree.mjs";

/** @typedef {{name: string, type: number, vkey: string, id: Buffer, sign: (text: string | Uint8Array) => Buffer}} Signer */
/** @typedef {{[key: string]: unknown}} Body */
/** @typedef {Map<string, Uint8Array>} Files */

export const CALL = "c0".repeat(16);
export const ANA = "a1".repeat(16);
export const POLICY = "5e".repeat(32);
export const MODEL = "3d".repeat(32);

/** @param {string} name @param {number} [type] @returns {Signer} */
export function signer(name, type = 1) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(String(publicKey.export({ format: "jwk" }).x), "base64url");
  const data = Buffer.concat([Uint8Array.of(type), raw]);
  const id = createHash("sha256").update(`${name}\n`).update(data).digest().subarray(0, 4);
  const vkey = `${name}+${id.toString("hex")}+${data.toString("base64")}`;
  return { name, type, vkey, id, sign: (text) => sign(null, Buffer.from(text), privateKey) };
}

/** @param {string} text @param {...Signer} signers @returns {Uint8Array} */
export function note(text, ...signers) {
  const lines = signers.map((one) => {
    const proof = one.type === 4 ? cosign(text, one) : one.sign(text);
    return `\u2014 ${one.name} ${Buffer.concat([one.id, proof]).toString("base64")}\n`;
  });
  return new TextEncoder().encode(`${text}\n${lines.join("")}`);
}

/** @param {string} text @param {Signer} witness @param {bigint} [time] */
function cosign(text, witness, time = 1_790_000_000n) {
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(time);
  return Buffer.concat([stamp, witness.sign(`cosignature/v1\ntime ${time}\n${text}`)]);
}

/** @param {Uint8Array[]} leaves @param {...Signer} signers the log first */
export function checkpoint(leaves, ...signers) {
  const root = Buffer.from(MTH(leaves)).toString("base64");
  return note(`${signers[0].name}\n${leaves.length}\n${root}\n`, ...signers);
}

/** @param {Uint8Array[]} leaves @param {number} index @param {...Signer} signers */
export function proof(leaves, index, ...signers) {
  const path = PATH(index, leaves).map((hash) => `${Buffer.from(hash).toString("base64")}\n`);
  const head = `c2sp.org/tlog-proof@v1\nindex ${index}\n${path.join("")}\n`;
  return new Uint8Array(Buffer.concat([Buffer.from(head), checkpoint(leaves, ...signers)]));
}

/** @param {[string, Body][]} drafts @returns {Uint8Array[]} */
export function leavesOf(drafts) {
  return drafts.map(([kind, body], seq) => {
    const at = new Date(Date.UTC(2026, 10, 22, 12) + seq * 100);
    const t_utc = at.toISOString().replace("Z", "000Z");
    return jcs({ v: 1, kind, seq, t_utc, t_mono: 5_000_000 + seq * 100_000, boot_id: "b0", tenant: "local", ...body });
  });
}

/** @param {unknown} value @returns {Uint8Array} */
export function jcs(value) {
  return new TextEncoder().encode(text(value));
}

/** @param {unknown} value @returns {string} */
function text(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(text).join(",")}]`;
  const table = /** @type {Body} */ (value);
  return `{${Object.keys(table)
    .filter((key) => table[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${text(table[key])}`)
    .join(",")}}`;
}

/** @param {Uint8Array[]} leaves @param {...Signer} signers @returns {Files} */
export function folder(leaves, ...signers) {
  /** @type {Files} */
  const files = new Map([["checkpoint", checkpoint(leaves, ...signers)]]);
  files.set("log.vkey", new TextEncoder().encode(`${signers[0].vkey}\n`));
  for (let level = 0, hashes = leaves.map((leaf) => MTH([leaf])); hashes.length > 0; level += 1) {
    const next = [];
    for (let n = 0; n * 256 < hashes.length; n += 1) {
      const tile = hashes.slice(256 * n, 256 * (n + 1));
      files.set(place(String(level), n, tile.length), Buffer.concat(tile));
      const below = 256 ** (level + 1);
      if (tile.length === 256) next.push(MTH(leaves.slice(n * below, (n + 1) * below)));
      if (level === 0) files.set(place("entries", n, tile.length), bundle(leaves.slice(256 * n, 256 * (n + 1))));
    }
    hashes = next;
  }
  return files;
}

/** @param {Uint8Array[]} leaves @returns {Uint8Array} */
export function bundle(leaves) {
  return Buffer.concat(leaves.flatMap((leaf) => [Uint8Array.of(leaf.length >> 8, leaf.length & 255), leaf]));
}

/** @param {string} level @param {number} n @param {number} width */
function place(level, n, width) {
  return `tile/${level}/${String(n).padStart(3, "0")}${width < 256 ? `.p/${width}` : ""}`;
}

/** @param {Files} files @returns {import("../src/folder.mjs").Files} */
export function inMemory(files) {
  return { read: async (path) => files.get(path) ?? null, list: async () => [...files.keys()] };
}

/** One person's call as it should be: ruling, consent, then a lease and a result in turn. @param {number} size */
export function honest(size) {
  const who = { call_ref: CALL, subject_ref: ANA };
  const face = { ...who, modality: "face", purpose: "sales_coaching" };
  /** @type {[string, Body][]} */
  const drafts = [
    ["POLICY_LOAD", { policy_digest: POLICY }],
    ["MODEL_LOAD", { model: "face.v1", sha256: MODEL }],
    ["GATE", { ...face, decision: "allow", consent_kind: "explicit", policy_digest: POLICY }],
    ["CONSENT", { ...face, status: "given", consent_kind: "explicit", version: 1, receipt_id: "r1", at_us: 0 }],
  ];
  while (drafts.length + 1 < size) {
    const start_us = (drafts.length - 4) * 500_000;
    const span = { ...who, lease: `a/${start_us}`, start_us, end_us: start_us + 1_000_000 };
    const digests = { policy_digest: POLICY, model_digests: [MODEL] };
    drafts.push(["LEASE", { ...span, modalities: ["face"], ...digests }]);
    drafts.push(["RESULT", { ...span, counts: { face: 5 }, payload_commit: "77".repeat(32) }]);
  }
  while (drafts.length < size) drafts.push(["CONFIG", { config_digest: "11".repeat(32) }]);
  return drafts.slice(0, size);
}

/** A consent receipt for one leaf of a log. @param {Signer} log */
export function consentReceipt(log) {
  const statement = {
    schema_version: "io.countenance.consent.receipt.v1",
    receipt_id: "0f8b6d2e-6f1c-4b8a-9a51-1b1f8e0a7d11",
    version: 1,
    participant_id: "Ana M\u00fcller",
    answered_at: "2026-11-22T12:00:00.200000Z",
    controllers: ["Example Ltd"],
    notice: { id: "standard", language: "en", text_sha256: "22".repeat(32), shown_at: "2026-11-22T11:59:40.000000Z" },
    purposes: [{ purpose: "sales_coaching", modality: "face", status: "given", kind: "explicit", retention_days: 30 }],
  };
  const salt = Buffer.alloc(32, 7);
  const commit = createHmac("sha256", salt).update(jcs(statement)).digest("hex");
  const drafts = honest(10);
  Object.assign(drafts[3][1], { receipt_id: statement.receipt_id, payload_commit: commit });
  const leaves = leavesOf(drafts);
  const receipt = {
    ...statement,
    audit: { seq: 3, hash: Buffer.from(MTH([leaves[3]])).toString("hex") },
    salt: salt.toString("hex"),
    leaf: Buffer.from(leaves[3]).toString("base64"),
    log: { origin: log.name, vkey: log.vkey },
    proof: new TextDecoder().decode(proof(leaves, 3, log)),
  };
  return { leaves, receipt };
}
