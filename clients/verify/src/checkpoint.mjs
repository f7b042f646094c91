/** Checkpoints (c2sp.org/tlog-checkpoint): a log's name, its size and the root of its tree, signed. */

import { decodeBase64, decodeDecimal } from "./bytes.mjs";
import { must } from "./fault.mjs";
import { parseNote } from "./note.mjs";

/**
 * @typedef {object} Checkpoint
 * @property {string} origin
 * @property {number} size
 * @property {Uint8Array} root 32 bytes
 * @property {string[]} extensions
 * @property {import("./note.mjs").Note} note
 */

/**
 * @param {Uint8Array} bytes
 * @returns {Checkpoint}
 */
export function parseCheckpoint(bytes) {
  const note = parseNote(bytes);
  const lines = note.text.slice(0, -1).split("\n");
  must(lines.length >= 3, "the checkpoint has fewer than three lines");
  must(
    lines.every((line) => line !== ""),
    "the checkpoint holds an empty line",
  );
  const [origin, size, root, ...extensions] = lines;
  const hash = decodeBase64(root, "the checkpoint's root hash");
  must(hash.length === 32, "the checkpoint's root hash is not 32 bytes long");
  return { origin, size: decodeDecimal(size, "the checkpoint's size"), root: hash, extensions, note };
}
