/** One entry of the audit log: a flat object in canonical JSON, with an envelope that every kind shares. */

import { parseCanonical } from "./canonical.mjs";
import { Fault, must } from "./fault.mjs";
import { FIELDS, KINDS } from "./vocabulary.mjs";

const ENVELOPE = new Set(["v", "kind", "seq", "t_utc", "t_mono", "boot_id", "tenant"]);
const WORD = /^[A-Za-z0-9_.:/@+=-]{0,128}$/;
/** Entries come in order of time: the second of one is mostly that of the next. */
let second = { text: "", us: 0 };
const MOMENT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{6}Z$/;

/** @typedef {import("./json.d.ts").Json} Json */

/**
 * @typedef {object} Entry
 * @property {number} seq
 * @property {string} kind
 * @property {string} tenant
 * @property {string} boot
 * @property {number} utcUs microseconds since 1970
 * @property {number} monoUs microseconds since the machine started
 * @property {{[key: string]: Json}} body everything that the leaf says
 */

/**
 * The entry in a leaf; a fault names the index it should have.
 * @param {Uint8Array} leaf
 * @param {number} index
 * @returns {Entry}
 */
export function parseEntry(leaf, index) {
  const body = parseLeaf(leaf, index);
  must(body !== null && typeof body === "object" && !Array.isArray(body), `entry ${index} is not an object`, index);
  const { v, kind, seq, t_utc, t_mono, boot_id, tenant } = body;
  must(v === 1, `entry ${index} has an unknown version`, index);
  must(typeof kind === "string" && KINDS.has(kind), `entry ${index} has the unknown kind ${kind}`, index);
  must(isWhole(seq) && seq >= 0, `entry ${index} has no number`, index);
  must(isWhole(t_mono) && t_mono >= 0, `entry ${index} states no monotonic time`, index);
  must(isWord(boot_id) && isWord(tenant), `entry ${index} names no boot or no tenant`, index);
  for (const name in body) {
    if (ENVELOPE.has(name)) continue;
    must(
      FIELDS.has(name) && isPlain(body[name]),
      `entry ${index} says in \`${name}\` what may not stand in a log`,
      index,
    );
  }
  return { seq, kind, tenant, boot: boot_id, utcUs: moment(t_utc, index), monoUs: t_mono, body };
}

/**
 * @param {Entry} entry
 * @param {string} modality
 * @returns {string} one person's modality in one call; none of the three holds a space
 */
export function personKey(entry, modality) {
  return `${entry.body.call_ref} ${entry.body.subject_ref} ${modality}`;
}

/**
 * @param {Json | undefined} value
 * @returns {string[]}
 */
export function names(value) {
  if (Array.isArray(value)) return value.map(String);
  return value !== null && typeof value === "object" ? Object.values(value).map(String) : [];
}

/**
 * @param {{[key: string]: Json}} body
 * @returns {string[]} modalities of which something was read
 */
export function counted(body) {
  const { counts } = body;
  if (counts === null || typeof counts !== "object" || Array.isArray(counts)) return [];
  return Object.keys(counts).filter((modality) => counts[modality] !== 0);
}

/**
 * @param {Uint8Array} leaf
 * @param {number} index
 * @returns {Json}
 */
function parseLeaf(leaf, index) {
  try {
    return parseCanonical(leaf, `entry ${index}`);
  } catch (error) {
    throw error instanceof Fault ? new Fault(error.message, index) : error;
  }
}

/**
 * @param {Json | undefined} value
 * @returns {value is number}
 */
export function isWhole(value) {
  return typeof value === "number" && Number.isSafeInteger(value);
}

/**
 * @param {Json | undefined} value
 * @returns {value is string}
 */
function isWord(value) {
  return typeof value === "string" && WORD.test(value);
}

/**
 * True for references, whole numbers and digests, and for lists and tables of them.
 * @param {Json} value
 * @returns {boolean}
 */
function isPlain(value) {
  if (value === null || typeof value === "boolean" || isWord(value) || isWhole(value)) return true;
  if (typeof value !== "object") return false;
  return Object.keys(value).every(isWord) && Object.values(value).every(isPlain);
}

/**
 * @param {Json | undefined} text RFC 3339, in UTC
 * @param {number} index
 * @returns {number} microseconds since 1970
 */
function moment(text, index) {
  must(typeof text === "string", `entry ${index} states no time in UTC`, index);
  if (text.length !== 27 || text.slice(0, 20) !== second.text) second = readSecond(text, index);
  const micros = text.slice(20, 26);
  must(/^\d{6}$/.test(micros) && text.endsWith("Z"), `entry ${index} states no time in UTC`, index);
  return second.us + Number(micros);
}

/**
 * @param {string} text
 * @param {number} index
 * @returns {{text: string, us: number}} the text up to its point, and the second it names
 */
function readSecond(text, index) {
  const found = MOMENT.exec(text);
  must(found !== null, `entry ${index} states no time in UTC`, index);
  const [year, month, day, hour, minute, seconds] = found.slice(1, 7).map(Number);
  const ms = Date.UTC(year, month - 1, day, hour, minute, seconds);
  const real =
    month >= 1 && month <= 12 && new Date(ms).getUTCDate() === day && hour < 24 && minute < 60 && seconds < 60;
  must(real, `entry ${index} states no real time`, index);
  return { text: text.slice(0, 20), us: ms * 1000 };
}
