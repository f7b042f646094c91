/** Runs the checks on what was given, receipts first: their checkpoints are what a log must continue. */

import { encodeBase64, encodeUtf8 } from "../src/bytes.mjs";
import { Fault, must } from "../src/fault.mjs";
import { verifyLog } from "../src/log.mjs";
import { parsePolicy, trustLog } from "../src/policy.mjs";
import { isProof, parseProof } from "../src/proof.mjs";
import { verifyReceipt } from "../src/receipt.mjs";
import { tellReceipt } from "../src/receipt_words.mjs";
import { tellFault, tellLog } from "../src/words.mjs";
import { aloneOf, proofOf } from "./given.mjs";

const MAX_BYTES = 17_000_000;
const PAUSE_MS = 40;

/** @typedef {import("./given.mjs").Given} Given */
/** @typedef {import("../src/policy.mjs").Policy} Policy */
/** @typedef {import("../src/policy.mjs").Trusted} Trusted */

/**
 * @typedef {object} Outcome
 * @property {string} name
 * @property {import("../src/words.mjs").Told} told
 * @property {Trusted} [trusted]
 * @property {import("../src/table.mjs").Table} [statement]
 * @property {Uint8Array} [checkpoint] worth keeping
 */

/** @typedef {(done: number, size: number) => void} Progress */

/**
 * @param {Given} given
 * @param {string} key what the person pasted; nothing to let the files bring their own
 * @param {Progress} progress
 * @returns {AsyncGenerator<Outcome>}
 */
export async function* check(given, key, progress) {
  const trust = key.trim() === "" ? undefined : policyOf(key);
  /** @type {Uint8Array[]} */
  const remembered = await Promise.all(given.checkpoints.map(({ file }) => bytesOf(file)));
  for (const receipt of [...given.receipts, ...aloneOf(given)]) {
    yield await tried(receipt.path, "receipt", () => checkReceipt(given, receipt, trust, remembered));
  }
  for (const log of given.logs) {
    const name = log.root === "" ? "the log" : log.root.slice(0, -1);
    yield await tried(name, "log", () => checkLog(log, name, trust, remembered, progress));
  }
}

/**
 * @param {string} text a verifier key, or a policy
 * @returns {Policy}
 */
export function policyOf(text) {
  return /^\s*(?:log|witness|group|quorum|#)[ \t]/m.test(text) ? parsePolicy(encodeUtf8(text)) : trustLog(text);
}

/**
 * @param {Given} given
 * @param {import("./given.mjs").One} receipt
 * @param {Policy | undefined} policy
 * @param {Uint8Array[]} remembered takes the checkpoint in
 * @returns {Promise<Outcome>}
 */
async function checkReceipt(given, receipt, policy, remembered) {
  const bytes = await bytesOf(receipt.file);
  const beside = proofOf(given, receipt);
  const proof = beside === undefined ? undefined : await bytesOf(beside.file);
  const report = await verifyReceipt(bytes, { ...(policy ? { policy } : {}), ...(proof ? { proof } : {}) });
  remembered.push(
    parseProof(proof ?? (isProof(bytes) ? bytes : encodeUtf8(JSON.parse(new TextDecoder().decode(bytes)).proof)))
      .checkpoint,
  );
  return { name: receipt.path, told: tellReceipt(report), trusted: report.trusted, statement: report.statement };
}

/**
 * @param {import("./given.mjs").Log} log
 * @param {string} name
 * @param {Policy | undefined} policy
 * @param {Uint8Array[]} remembered
 * @param {Progress} progress
 * @returns {Promise<Outcome>}
 */
async function checkLog({ files }, name, policy, remembered, progress) {
  const own = files.get("log.vkey");
  must(policy || own, "The folder holds no log.vkey: paste the log's key above");
  const trust = policy ?? trustLog(new TextDecoder().decode(await bytesOf(/** @type {File} */ (own))));
  let pausedAt = performance.now();
  const report = await verifyLog(reading(files), trust, {
    completeness: true,
    remembered,
    progress: async (done, size) => {
      if (performance.now() - pausedAt < PAUSE_MS) return;
      progress(done, size);
      await new Promise((resume) => setTimeout(resume));
      pausedAt = performance.now();
    },
  });
  const told = tellLog(report, policy === undefined);
  const checkpoint = await bytesOf(/** @type {File} */ (files.get("checkpoint")));
  return { name, told, trusted: report.trusted, ...(told.holds ? { checkpoint } : {}) };
}

/**
 * @param {string} name
 * @param {"log" | "receipt"} what
 * @param {() => Promise<Outcome>} run
 * @returns {Promise<Outcome>}
 */
async function tried(name, what, run) {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { name, told: tellFault(error.message, what) };
  }
}

/**
 * @param {Map<string, File>} files
 * @returns {import("../src/folder.mjs").Files}
 */
function reading(files) {
  return {
    read: async (path) => {
      const file = files.get(path);
      return file === undefined ? null : bytesOf(file);
    },
    list: async () => [...files.keys()],
  };
}

/**
 * @param {File} file
 * @returns {Promise<Uint8Array>}
 */
async function bytesOf(file) {
  must(file.size <= MAX_BYTES, `${file.name} is too large to be a part of a log`);
  return new Uint8Array(await file.arrayBuffer());
}

/**
 * What an expert wants to compare.
 * @param {Trusted} trusted
 * @returns {[string, string][]}
 */
export function technical({ checkpoint, log, witnesses }) {
  return [
    ["Log", checkpoint.origin],
    ["Entries", String(checkpoint.size)],
    ["Root", encodeBase64(checkpoint.root)],
    ["Log’s key", keyText(log)],
    ...witnesses.map(({ name }) => /** @type {[string, string]} */ (["Witness", name])),
  ];
}

/**
 * @param {import("../src/note.mjs").Key} key
 * @returns {string} as verifier keys are written
 */
function keyText({ name, id, type, bytes }) {
  const hex = Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${name}+${hex}+${encodeBase64(Uint8Array.of(type, ...bytes))}`;
}
