/** SHA-256 (FIPS 180-4), synchronous: a browser offers none, and a tree needs two for every entry. */

import { concat } from "./bytes.mjs";

/** @typedef {(bytes: Uint8Array) => Uint8Array} Hash */

const K = constants(64, 1 / 3);
const START = constants(8, 1 / 2);
const W = new Int32Array(64);
const tail = new Uint8Array(128);

/** @type {Hash} */
let chosen = sha256Plain;

/**
 * The digest of some bytes, by the implementation in use.
 * @param {Uint8Array} bytes
 * @returns {Uint8Array} 32 bytes
 */
export function sha256(bytes) {
  return chosen(bytes);
}

/**
 * Node offers a faster one; it is used instead where the caller hands it in.
 * @param {Hash} hash
 */
export function useHash(hash) {
  chosen = hash;
}

/**
 * HMAC-SHA256 (RFC 2104).
 * @param {Uint8Array} key
 * @param {Uint8Array} message
 * @returns {Uint8Array} 32 bytes
 */
export function hmacSha256(key, message) {
  const padded = new Uint8Array(64);
  padded.set(key.length > 64 ? sha256(key) : key);
  const inner = concat(
    padded.map((byte) => byte ^ 0x36),
    message,
  );
  return sha256(
    concat(
      padded.map((byte) => byte ^ 0x5c),
      sha256(inner),
    ),
  );
}

/**
 * The digest, in plain JavaScript.
 * @param {Uint8Array} bytes
 * @returns {Uint8Array} 32 bytes
 */
export function sha256Plain(bytes) {
  const state = Int32Array.from(START);
  const whole = bytes.length - (bytes.length % 64);
  for (let at = 0; at < whole; at += 64) compress(state, bytes, at);
  const rest = bytes.length - whole;
  const end = rest < 56 ? 64 : 128;
  tail.fill(0);
  for (let i = 0; i < rest; i += 1) tail[i] = bytes[whole + i];
  tail[rest] = 0x80;
  putWord(tail, end - 8, Math.floor(bytes.length / 2 ** 29));
  putWord(tail, end - 4, bytes.length << 3);
  for (let at = 0; at < end; at += 64) compress(state, tail, at);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 8; i += 1) putWord(digest, 4 * i, state[i]);
  return digest;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} word
 */
function putWord(bytes, at, word) {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

/**
 * One block of 64 bytes into the state.
 * @param {Int32Array} state
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function compress(state, bytes, at) {
  for (let t = 0, i = at; t < 16; t += 1, i += 4) {
    W[t] = (bytes[i] << 24) | (bytes[i + 1] << 16) | (bytes[i + 2] << 8) | bytes[i + 3];
  }
  for (let t = 16; t < 64; t += 1) {
    const x = W[t - 15];
    const y = W[t - 2];
    const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[t] = (W[t - 16] + low + W[t - 7] + high) | 0;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let t = 0; t < 64; t += 1) {
    const high = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + high + ((e & f) ^ (~e & g)) + K[t] + W[t]) | 0;
    const low = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (low + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/**
 * The first 32 bits of the fractional parts of a root of the first primes.
 * @param {number} count
 * @param {number} power
 * @returns {Int32Array}
 */
function constants(count, power) {
  const found = [];
  for (let n = 2; found.length < count; n += 1) {
    let prime = true;
    for (let by = 2; by * by <= n; by += 1) if (n % by === 0) prime = false;
    if (prime) found.push(((n ** power % 1) * 2 ** 32) | 0);
  }
  return Int32Array.from(found);
}
