/** Static files of a log (c2sp.org/tlog-tiles): where each tile and entry bundle stands, and what is in it. */

import { Fault, must } from "./fault.mjs";

export const WIDTH = 256;
const HASH_BYTES = 32;
const MAX_ENTRY_BYTES = 65_535;
export const MAX_FILE_BYTES = WIDTH * (MAX_ENTRY_BYTES + 2);

/**
 * `tile/<level>/<n>[.p/<width>]`; the level of bundles is `entries`.
 * @param {number | "entries"} level
 * @param {number} n
 * @param {number} width
 * @returns {string}
 */
export function tilePath(level, n, width) {
  const parts = [String(n % 1000).padStart(3, "0")];
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    parts.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  }
  return `tile/${level}/${parts.join("/")}${width < WIDTH ? `.p/${width}` : ""}`;
}

/**
 * The hashes of a tile.
 * @param {Uint8Array} bytes
 * @param {number} width
 * @param {string} path
 * @param {number} first index of the first entry below the tile
 * @returns {Uint8Array[]}
 */
export function parseTile(bytes, width, path, first) {
  must(bytes.length === width * HASH_BYTES, `${path} holds ${bytes.length} bytes, not ${width} hashes`, first);
  return Array.from({ length: width }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}

/**
 * The entries of a bundle, each behind its length in two bytes, and what stops the reading before the end.
 * @param {Uint8Array} bytes
 * @param {number} width
 * @param {string} path
 * @param {number} first index of the bundle's first entry
 * @returns {{entries: Uint8Array[], fault: Fault | null}}
 */
export function parseBundle(bytes, width, path, first) {
  const entries = [];
  let at = 0;
  while (entries.length < width) {
    const length = bytes[at] * 256 + bytes[at + 1];
    // Beyond the end the length is not a number, and nothing is at most that.
    if (!(at + 2 + length <= bytes.length)) {
      const index = first + entries.length;
      return { entries, fault: new Fault(`${path} ends before or within its entry ${index}`, index) };
    }
    entries.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  const over = at < bytes.length ? new Fault(`${path} holds more than its ${width} entries`, first + width - 1) : null;
  return { entries, fault: over };
}

/**
 * The first hashes of a tile.
 * @param {Uint8Array} bytes
 * @param {number} width
 * @returns {Uint8Array}
 */
export function cutTile(bytes, width) {
  return bytes.subarray(0, width * HASH_BYTES);
}

/**
 * The first entries of a bundle; all of it where it holds fewer.
 * @param {Uint8Array} bytes
 * @param {number} width
 * @returns {Uint8Array}
 */
export function cutBundle(bytes, width) {
  let at = 0;
  for (let i = 0; i < width && at + 2 <= bytes.length; i += 1) at += 2 + bytes[at] * 256 + bytes[at + 1];
  return bytes.subarray(0, at);
}
