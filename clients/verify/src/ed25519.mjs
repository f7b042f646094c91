/** Ed25519 (RFC 8032) by WebCrypto, which browsers and Node both have. */

import { must } from "./fault.mjs";

const UNABLE =
  "this browser cannot check Ed25519 signatures; use a newer one, and open the page as a file or over https";

/** @typedef {(key: Uint8Array, signature: Uint8Array, message: Uint8Array) => Promise<boolean> | boolean} Verify */

/** @type {Verify} */
let chosen = verifyWebCrypto;

/**
 * True when the signature over the message is by this public key.
 * @param {Uint8Array} key 32 bytes
 * @param {Uint8Array} signature 64 bytes
 * @param {Uint8Array} message
 * @returns {Promise<boolean>}
 */
export async function verifyEd25519(key, signature, message) {
  return signature.length === 64 && key.length === 32 && (await chosen(key, signature, message));
}

/**
 * Node has an older, quieter way in; it is used instead where the caller hands it in.
 * @param {Verify} verify
 */
export function useEd25519(verify) {
  chosen = verify;
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} signature
 * @param {Uint8Array} message
 * @returns {Promise<boolean>}
 */
async function verifyWebCrypto(key, signature, message) {
  must(globalThis.crypto?.subtle, UNABLE);
  try {
    const imported = await crypto.subtle.importKey("raw", buffer(key), { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, buffer(signature), buffer(message));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    // Anything else that it names is a key that is none.
    must(error.name !== "NotSupportedError", UNABLE);
    return false;
  }
}

/**
 * A copy with a buffer of its own, as WebCrypto's types ask.
 * @param {Uint8Array} bytes
 * @returns {Uint8Array<ArrayBuffer>}
 */
function buffer(bytes) {
  return new Uint8Array(bytes);
}
