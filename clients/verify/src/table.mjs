/** Looking into JSON of which nothing is known yet. */

import { must } from "./fault.mjs";

/** @typedef {import("./json.d.ts").Json} Json */
/** @typedef {{[key: string]: Json}} Table */

/**
 * @param {Json | undefined} value
 * @param {string} name
 * @returns {string}
 */
export function text(value, name) {
  must(typeof value === "string", `the receipt holds no text \`${name}\``);
  return value;
}

/**
 * @param {Json | undefined} value
 * @param {string} name
 * @returns {Table}
 */
export function table(value, name) {
  must(value !== null && typeof value === "object" && !Array.isArray(value), `the receipt holds no table \`${name}\``);
  return value;
}
