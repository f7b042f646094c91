/** The Merkle tree of RFC 6962 section 2.1, and its proofs checked as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say. */

import { equal } from "./bytes.mjs";
import { must } from "./fault.mjs";
import { sha256 } from "./sha256.mjs";

const pair = new Uint8Array(65);
pair[0] = 1;
let scratch = new Uint8Array(1024);

/**
 * @param {Uint8Array} entry
 * @returns {Uint8Array} SHA-256(0x00 || entry)
 */
export function leafHash(entry) {
  if (entry.length >= scratch.length) scratch = new Uint8Array(2 * entry.length);
  scratch[0] = 0;
  scratch.set(entry, 1);
  return sha256(scratch.subarray(0, entry.length + 1));
}

/**
 * @param {Uint8Array} left
 * @param {Uint8Array} right
 * @returns {Uint8Array} SHA-256(0x01 || left || right)
 */
export function nodeHash(left, right) {
  pair.set(left, 1);
  pair.set(right, 33);
  return sha256(pair);
}

/** The root of a tree without leaves: SHA-256 of nothing. @returns {Uint8Array} */
export function emptyRoot() {
  return sha256(new Uint8Array(0));
}

/**
 * The Merkle Tree Hash over hashes of its leaves, or of equal subtrees of which only the last may be smaller.
 * @param {Uint8Array[]} hashes
 * @returns {Uint8Array}
 */
export function treeHash(hashes) {
  if (hashes.length === 0) return emptyRoot();
  // Level by level; the odd one out rises as it is, which is where the largest power of two splits the tree.
  let level = hashes;
  while (level.length > 1) {
    const above = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(level[i], level[i + 1]));
    if (level.length % 2 === 1) above.push(level[level.length - 1]);
    level = above;
  }
  return level[0];
}

/**
 * Ends in a fault unless the leaf stands at this index of the tree with this root.
 * @param {Uint8Array} leaf the leaf hash
 * @param {number} index
 * @param {number} size
 * @param {Uint8Array[]} path from the leaf's sibling up to the root's child
 * @param {Uint8Array} root
 */
export function checkInclusion(leaf, index, size, path, root) {
  must(index < size, `entry ${index} lies outside a tree of ${size}`);
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    must(sn > 0, "the inclusion proof is too long");
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = half(sn);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn = half(fn);
    sn = half(sn);
  }
  must(sn === 0, "the inclusion proof is too short");
  must(equal(hash, root), "the entry is not in this tree: the inclusion proof leads to another root");
}

/**
 * Ends in a fault unless the new tree only appends to the old one.
 * @param {number} oldSize
 * @param {number} newSize
 * @param {Uint8Array[]} path
 * @param {Uint8Array} oldRoot
 * @param {Uint8Array} newRoot
 */
export function checkConsistency(oldSize, newSize, path, oldRoot, newRoot) {
  must(oldSize <= newSize, `a tree of ${newSize} cannot continue one of ${oldSize}`);
  if (oldSize === newSize || oldSize === 0) {
    must(path.length === 0, "the consistency proof should be empty");
    if (oldSize === 0) must(equal(oldRoot, emptyRoot()), "the old root is not that of an empty tree");
    else must(equal(oldRoot, newRoot), "two trees of one size have different roots");
    return;
  }
  let fn = oldSize - 1;
  let sn = newSize - 1;
  while (fn % 2 === 1) {
    fn = half(fn);
    sn = half(sn);
  }
  // A power of two is a whole subtree: its root is known and not repeated in the proof.
  const nodes = fn === 0 ? [oldRoot, ...path] : path;
  must(nodes.length > 0, "the consistency proof is too short");
  let fr = nodes[0];
  let sr = nodes[0];
  for (const node of nodes.slice(1)) {
    must(sn > 0, "the consistency proof is too long");
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(node, fr);
      sr = nodeHash(node, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = half(sn);
      }
    } else {
      sr = nodeHash(sr, node);
    }
    fn = half(fn);
    sn = half(sn);
  }
  must(sn === 0, "the consistency proof is too short");
  must(equal(fr, oldRoot), "the old tree is not part of the new one: its entries were changed");
  must(equal(sr, newRoot), "the consistency proof does not lead to the new root");
}

/**
 * @param {number} n
 * @returns {number}
 */
function half(n) {
  return Math.floor(n / 2);
}
