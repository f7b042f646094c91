/** RFC 6962 section 2.1, word for word and slowly: what the checks are held against. */

import { createHash } from "node:crypto";

/** @param {...Uint8Array} parts */
const hash = (...parts) => new Uint8Array(createHash("sha256").update(Buffer.concat(parts)).digest());

/** @param {Uint8Array[]} D @returns {Uint8Array} */
export function MTH(D) {
  if (D.length === 0) return hash();
  if (D.length === 1) return hash(Uint8Array.of(0), D[0]);
  const k = split(D.length);
  return hash(Uint8Array.of(1), MTH(D.slice(0, k)), MTH(D.slice(k)));
}

/** @param {number} m @param {Uint8Array[]} D @returns {Uint8Array[]} */
export function PATH(m, D) {
  if (D.length === 1) return [];
  const k = split(D.length);
  return m < k ? [...PATH(m, D.slice(0, k)), MTH(D.slice(k))] : [...PATH(m - k, D.slice(k)), MTH(D.slice(0, k))];
}

/** @param {number} m @param {Uint8Array[]} D @returns {Uint8Array[]} */
export function PROOF(m, D) {
  return m === D.length || m === 0 ? [] : SUBPROOF(m, D, true);
}

/** @param {number} m @param {Uint8Array[]} D @param {boolean} b @returns {Uint8Array[]} */
function SUBPROOF(m, D, b) {
  if (m === D.length) return b ? [] : [MTH(D)];
  const k = split(D.length);
  if (m <= k) return [...SUBPROOF(m, D.slice(0, k), b), MTH(D.slice(k))];
  return [...SUBPROOF(m - k, D.slice(k), false), MTH(D.slice(0, k))];
}

/** The largest power of two smaller than n. @param {number} n */
function split(n) {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}
