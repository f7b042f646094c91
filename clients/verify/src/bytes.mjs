/** Bytes and their texts: strict UTF-8, base64 (RFC 4648 section 4) and hex; nothing is repaired. */

import { must } from "./fault.mjs";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
export function encodeUtf8(text) {
  return encoder.encode(text);
}

/**
 * @param {Uint8Array} bytes
 * @param {string} what names the thing in the fault
 * @returns {string}
 */
export function decodeUtf8(bytes, what) {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    must(!(error instanceof TypeError), `${what} is not valid UTF-8`);
    throw error;
  }
}

/**
 * Padded, with no spare bits set, so that one value has one text.
 * @param {string} text
 * @param {string} what
 * @returns {Uint8Array}
 */
export function decodeBase64(text, what) {
  must(BASE64.test(text), `${what} is not base64`);
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  must(encodeBase64(bytes) === text, `${what} is not base64 in its one form`);
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function encodeBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/**
 * @param {string} text
 * @param {string} what
 * @returns {Uint8Array}
 */
export function decodeHex(text, what) {
  must(/^(?:[0-9a-f]{2})*$/.test(text), `${what} is not lower-case hex`);
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function encodeHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 * @returns {boolean}
 */
export function equal(one, other) {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i += 1) if (one[i] !== other[i]) return false;
  return true;
}

/**
 * @param {...Uint8Array} parts
 * @returns {Uint8Array}
 */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * A whole number as ASCII decimal without leading zeroes; at most 2^53 - 1.
 * @param {string} text
 * @param {string} what
 * @returns {number}
 */
export function decodeDecimal(text, what) {
  must(/^(?:0|[1-9][0-9]{0,15})$/.test(text), `${what} is not a whole number in decimal`);
  const value = Number(text);
  must(Number.isSafeInteger(value), `${what} is larger than 2^53 - 1`);
  return value;
}
