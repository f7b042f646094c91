/** Signed notes (c2sp.org/signed-note): a text, and who signed it. */

import { concat, decodeBase64, decodeHex, decodeUtf8, encodeHex, encodeUtf8, equal } from "./bytes.mjs";
import { verifyEd25519 } from "./ed25519.mjs";
import { Fault, must } from "./fault.mjs";
import { sha256 } from "./sha256.mjs";

export const ED25519 = 0x01;
export const COSIGNATURE_V1 = 0x04;
export const MAX_NOTE_BYTES = 512 * 1024;
const MAX_SIGNATURES = 64;
const MAX_KEY_CHARACTERS = 1024;

/**
 * @typedef {object} Key a verifier key
 * @property {string} name
 * @property {Uint8Array} id four bytes
 * @property {number} type ED25519 or COSIGNATURE_V1
 * @property {Uint8Array} bytes the public key, 32 bytes
 *
 * @typedef {object} Signature one signature line
 * @property {string} name
 * @property {Uint8Array} id
 * @property {Uint8Array} bytes what follows the key id
 *
 * @typedef {object} Note
 * @property {string} text with its final newline
 * @property {Signature[]} signatures
 *
 * @typedef {object} Signed one signature that holds
 * @property {Key} key
 * @property {bigint | null} time seconds since 1970 in a cosignature
 */

/**
 * `<name>+<key id in hex>+<base64 of type and public key>`.
 * @param {string} text
 * @returns {Key}
 */
export function parseKey(text) {
  must(text.length <= MAX_KEY_CHARACTERS, "the verifier key is too long");
  const [name, id, ...rest] = text.split("+");
  must(id !== undefined && rest.length > 0, "a verifier key has the form name+id+key");
  must(isKeyName(name), "the verifier key's name is empty or holds a space");
  const data = decodeBase64(rest.join("+"), "the verifier key");
  must(id.length === 8, "the verifier key's id is not eight hex digits");
  const key = { name, id: decodeHex(id.toLowerCase(), "the verifier key's id"), type: data[0], bytes: data.slice(1) };
  must(
    key.type === ED25519 || key.type === COSIGNATURE_V1,
    `only Ed25519 keys can be checked here, not type ${key.type}`,
  );
  must(key.bytes.length === 32, "an Ed25519 key has 32 bytes");
  must(equal(key.id, keyId(key)), "the verifier key's id does not belong to its name and key");
  return key;
}

/**
 * SHA-256(name || newline || type || public key), its first four bytes.
 * @param {{name: string, type: number, bytes: Uint8Array}} key
 * @returns {Uint8Array}
 */
export function keyId(key) {
  return sha256(concat(encodeUtf8(`${key.name}\n`), Uint8Array.of(key.type), key.bytes)).slice(0, 4);
}

/**
 * The text and the signature lines; nothing is checked against a key yet.
 * @param {Uint8Array} bytes
 * @returns {Note}
 */
export function parseNote(bytes) {
  must(bytes.length <= MAX_NOTE_BYTES, "the note is too long");
  const whole = decodeUtf8(bytes, "the note");
  must(!/[\u0000-\u0009\u000b-\u001f]/.test(whole), "the note holds a control character");
  const split = whole.lastIndexOf("\n\n");
  must(split >= 0, "the note has no blank line before its signatures");
  must(whole.endsWith("\n"), "the note does not end with a newline");
  const lines = whole
    .slice(split + 2)
    .split("\n")
    .slice(0, -1);
  must(lines.length > 0, "the note carries no signature");
  must(lines.length <= MAX_SIGNATURES, `the note carries more than ${MAX_SIGNATURES} signatures`);
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignature) };
}

/**
 * The signatures by known keys; a known key's signature that fails rejects the whole note.
 * @param {Note} note
 * @param {Key[]} keys
 * @returns {Promise<Signed[]>}
 */
export async function verifyNote(note, keys) {
  const found = [];
  for (const signature of note.signatures) {
    const key = keys.find((one) => one.name === signature.name && equal(one.id, signature.id));
    if (key === undefined) continue;
    const { message, proof, time } = signedMessage(note.text, key, signature);
    must(await verifyEd25519(key.bytes, proof, message), `the signature of ${key.name} does not fit the text`);
    found.push({ key, time });
  }
  return found;
}

/**
 * What a key of this type has signed: the text, or a time and the text (c2sp.org/tlog-cosignature).
 * @param {string} text
 * @param {Key} key
 * @param {Signature} signature
 * @returns {{message: Uint8Array, proof: Uint8Array, time: bigint | null}}
 */
function signedMessage(text, key, signature) {
  if (key.type === ED25519) return { message: encodeUtf8(text), proof: signature.bytes, time: null };
  must(signature.bytes.length === 72, `the cosignature of ${key.name} is not a time and 64 bytes`);
  const time = BigInt(`0x${encodeHex(signature.bytes.subarray(0, 8))}`);
  must(time < 2n ** 63n, `the cosignature of ${key.name} states an impossible time`);
  const message = encodeUtf8(`cosignature/v1\ntime ${time}\n${text}`);
  return { message, proof: signature.bytes.subarray(8), time };
}

/**
 * @param {string} line
 * @returns {Signature}
 */
function parseSignature(line) {
  const [dash, name, base64, ...more] = line.split(" ");
  if (dash !== "\u2014" || base64 === undefined || more.length > 0) throw new Fault("a signature line is malformed");
  must(isKeyName(name), "a signature line names no key");
  const bytes = decodeBase64(base64, "a signature");
  must(bytes.length > 4, "a signature is too short");
  return { name, id: bytes.slice(0, 4), bytes: bytes.slice(4) };
}

/**
 * @param {string} name
 * @returns {boolean}
 */
function isKeyName(name) {
  return name !== "" && !/[\p{White_Space}+]/u.test(name);
}
