/** JSON in its one form (RFC 8785). ECMAScript defines that form's numbers and strings; the order of keys is ours. */

import { decodeUtf8 } from "./bytes.mjs";
import { Fault, must } from "./fault.mjs";

const MAX_DEPTH = 16;
const INDEX = /^[0-9]+$/;

/** @typedef {import("./json.d.ts").Json} Json */

/**
 * The value in bytes that are JSON in its one form; a fault when they are not.
 * @param {Uint8Array} bytes
 * @param {string} what
 * @returns {Json}
 */
export function parseCanonical(bytes, what) {
  const text = decodeUtf8(bytes, what);
  const value = parseJson(text, what);
  // The engine's own text is the canonical one where the keys already stand in order and nothing is escaped by number.
  const quick = !text.includes("\\u") && inOrder(value, 0);
  must((quick ? JSON.stringify(value) : canonical(value)) === text, `${what} is not JSON in its canonical form`);
  return value;
}

/**
 * @param {string} text
 * @param {string} what
 * @returns {Json}
 */
export function parseJson(text, what) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault(`${what} is not JSON`);
    throw error;
  }
}

/**
 * The one form of a value.
 * @param {Json} value
 * @param {number} [depth]
 * @returns {string}
 */
export function canonical(value, depth = 0) {
  must(depth <= MAX_DEPTH, "the JSON is nested too deeply");
  if (typeof value === "string") return quoted(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(",")}]`;
  // `sort` compares by UTF-16 code units, as RFC 8785 section 3.2.3 asks.
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${quoted(key)}:${canonical(value[key], depth + 1)}`).join(",")}}`;
}

/**
 * @param {string} text
 * @returns {string}
 */
function quoted(text) {
  must(text.isWellFormed(), "the JSON holds half a character");
  return JSON.stringify(text);
}

/**
 * True when every object's keys stand in order. Keys that look like indices never do: the engine moves them.
 * @param {Json} value
 * @param {number} depth
 * @returns {boolean}
 */
function inOrder(value, depth) {
  must(depth <= MAX_DEPTH, "the JSON is nested too deeply");
  if (value === null || typeof value !== "object") return true;
  if (Array.isArray(value)) return value.every((item) => inOrder(item, depth + 1));
  /** @type {string | null} */
  let last = null;
  for (const key in value) {
    if ((last !== null && key <= last) || INDEX.test(key) || !inOrder(value[key], depth + 1)) return false;
    last = key;
  }
  return true;
}
