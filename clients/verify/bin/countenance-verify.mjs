#!/usr/bin/env node
/** Checks a log folder or receipts from the command line; exit 0 when all holds, 1 when not, 2 on wrong usage. */

import { basename, extname } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

import { Fault, must } from "../src/fault.mjs";
import { verifyLog } from "../src/log.mjs";
import { onDisk, readLimited, useNode } from "../src/node.mjs";
import { parsePolicy, trustLog } from "../src/policy.mjs";
import { parseProof } from "../src/proof.mjs";
import { answer } from "../src/protocol.mjs";
import { verifyReceipt } from "../src/receipt.mjs";
import { tellReceipt } from "../src/receipt_words.mjs";
import { lines, tellLog } from "../src/words.mjs";

const USAGE = `usage: countenance-verify <log folder> [--key KEY | --policy FILE] [--remember FILE]... [--no-completeness] [--json]
       countenance-verify <receipt.json | entry.tlog-proof> [<receipt.tlog-proof>] [--key KEY | --policy FILE] [--json]
       countenance-verify --serve-stdin`;
const MAX_FILE_BYTES = 1024 * 1024;

const RECEIPTS = [".json", ".tlog-proof"];

const OPTIONS = /** @type {const} */ ({
  key: { type: "string" },
  policy: { type: "string" },
  remember: { type: "string", multiple: true },
  "no-completeness": { type: "boolean" },
  json: { type: "boolean" },
  "serve-stdin": { type: "boolean" },
  help: { type: "boolean", short: "h" },
});

/** @typedef {{[name: string]: string | boolean | string[] | undefined}} Flags */

process.exitCode = await main(process.argv.slice(2));

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main(args) {
  useNode();
  let parsed;
  try {
    parsed = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values["serve-stdin"]) return serve();
  if (values.help || positionals.length === 0 || positionals.length > 2) {
    (values.help ? console.log : console.error)(USAGE);
    return values.help ? 0 : 2;
  }
  try {
    return await (RECEIPTS.includes(extname(positionals[0]))
      ? checkReceipt(positionals, values)
      : checkLog(positionals[0], values));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (values.json) console.log(JSON.stringify({ ok: false, reason: error.message, index: error.index ?? null }));
    else console.error(`does not hold: ${error.message}`);
    return 1;
  }
}

/**
 * @param {string} folder
 * @param {Flags} flags
 * @returns {Promise<number>}
 */
async function checkLog(folder, flags) {
  const files = onDisk(folder);
  const own = await files.read("log.vkey", MAX_FILE_BYTES);
  const policy = await trusted(flags, own);
  const kept = Array.isArray(flags.remember) ? flags.remember : [];
  const remembered = await Promise.all(kept.map(async (path) => checkpointIn(await need(path))));
  const report = await verifyLog(files, policy, { remembered, completeness: !flags["no-completeness"] });
  const ok = report.findings.length === 0;
  if (flags.json) console.log(JSON.stringify({ ok, ...plain(report) }));
  else {
    const ownKey = flags.key === undefined && flags.policy === undefined;
    console.log(lines(tellLog(report, ownKey, !flags["no-completeness"])).join("\n"));
  }
  return ok ? 0 : 1;
}

/**
 * @param {string[]} paths
 * @param {Flags} flags
 * @returns {Promise<number>}
 */
async function checkReceipt([path, beside], flags) {
  const given = flags.key === undefined && flags.policy === undefined ? {} : { policy: await trusted(flags, null) };
  const report = await verifyReceipt(await need(path), { ...given, ...(beside ? { proof: await need(beside) } : {}) });
  if (flags.json)
    console.log(
      JSON.stringify({
        ok: true,
        type: report.type,
        entries: report.entries.map(({ seq }) => seq),
        statement: report.statement,
      }),
    );
  else console.log(lines(tellReceipt(report)).join("\n"));
  return 0;
}

/**
 * Whom to trust: a policy, a key, or the key that lies in the folder.
 * @param {Flags} flags
 * @param {Uint8Array | null} own
 * @returns {Promise<import("../src/policy.mjs").Policy>}
 */
async function trusted(flags, own) {
  if (typeof flags.policy === "string") return parsePolicy(await need(flags.policy));
  // A key is given as a file or as it is.
  const key =
    typeof flags.key === "string" ? ((await readLimited(flags.key, MAX_FILE_BYTES)) ?? Buffer.from(flags.key)) : own;
  must(key !== null, "there is no log.vkey in the folder: give the log's key with --key, or a policy with --policy");
  return trustLog(Buffer.from(key).toString());
}

/**
 * The checkpoint in a file: alone, in a proof, or in a receipt.
 * @param {Uint8Array} bytes
 * @returns {Uint8Array}
 */
function checkpointIn(bytes) {
  const text = Buffer.from(bytes).toString();
  if (text.startsWith("c2sp.org/tlog-proof")) return parseProof(bytes).checkpoint;
  if (!text.startsWith("{")) return bytes;
  return parseProof(Buffer.from(String(JSON.parse(text).proof))).checkpoint;
}

/**
 * @param {string} path
 * @returns {Promise<Uint8Array>}
 */
async function need(path) {
  const bytes = await readLimited(path, MAX_FILE_BYTES);
  must(bytes !== null, `there is no file ${basename(path)}`);
  return bytes;
}

/**
 * @param {import("../src/log.mjs").LogReport} report
 * @returns {object} ready for JSON
 */
function plain({ trusted: { checkpoint, witnesses }, findings, intact, kept, continues, erased, kinds, uncovered }) {
  return {
    origin: checkpoint.origin,
    size: checkpoint.size,
    root: Buffer.from(checkpoint.root).toString("base64"),
    witnesses: witnesses.map(({ name, time }) => ({ name, time: Number(time) })),
    findings,
    intact,
    kept,
    continues,
    erased: Object.fromEntries(erased),
    kinds: Object.fromEntries(kinds),
    uncovered,
  };
}

/**
 * One JSON request a line in, one JSON answer a line out.
 * @returns {Promise<number>}
 */
async function serve() {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    process.stdout.write(`${JSON.stringify(await answer(line, onDisk))}\n`);
  }
  return 0;
}
