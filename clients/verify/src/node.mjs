/** Node's part: its own SHA-256 and Ed25519, which are faster here, and folders on a disk. */

import * as nodeCrypto from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { useEd25519 } from "./ed25519.mjs";
import { must } from "./fault.mjs";
import { useHash } from "./sha256.mjs";

/** SubjectPublicKeyInfo of an Ed25519 key, up to the 32 bytes of the key itself (RFC 8410). */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** Lets the checks run on Node's own cryptography. */
export function useNode() {
  const { createHash } = nodeCrypto;
  // `hash` came with Node 20.12 and makes no object for each digest.
  const { hash } = /** @type {{hash?: (name: string, data: Uint8Array, form: "buffer") => Uint8Array}} */ (nodeCrypto);
  useHash(hash ? (data) => hash("sha256", data, "buffer") : (data) => createHash("sha256").update(data).digest());
  useEd25519(verifyEd25519Node);
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} signature
 * @param {Uint8Array} message
 * @returns {boolean}
 */
export function verifyEd25519Node(key, signature, message) {
  const known = nodeCrypto.createPublicKey({ key: Buffer.concat([SPKI, key]), format: "der", type: "spki" });
  return nodeCrypto.verify(null, message, known, signature);
}

/**
 * A folder on this disk.
 * @param {string} folder
 * @returns {import("./folder.mjs").Files}
 */
export function onDisk(folder) {
  return {
    read: (path, limit) => readLimited(join(folder, path), limit),
    list: async () => {
      const found = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = found.filter((one) => one.isFile());
      return files.map((one) => relative(folder, join(one.path, one.name)).split(sep).join("/"));
    },
  };
}

/**
 * A whole file; null where there is none.
 * @param {string} path
 * @param {number} limit in bytes
 * @returns {Promise<Uint8Array | null>}
 */
export async function readLimited(path, limit) {
  let file;
  try {
    // Synchronous: thousands of small files are read one after the other, and nothing else waits.
    file = openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    must(size <= limit, `${path} is larger than ${limit} bytes`);
    const bytes = Buffer.allocUnsafeSlow(size);
    let got = 0;
    while (got < size) {
      const more = readSync(file, bytes, got, size - got, got);
      if (more === 0) break;
      got += more;
    }
    return bytes.subarray(0, got);
  } finally {
    closeSync(file);
  }
}
