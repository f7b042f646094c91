/** The tree, built again from its leaves; each tile on the disk is held against what its children say. */

import { equal } from "./bytes.mjs";
import { must } from "./fault.mjs";
import { treeHash } from "./merkle.mjs";
import { parseTile, tilePath, WIDTH } from "./tiles.mjs";

/** @typedef {(level: number, n: number, width: number) => Promise<Uint8Array | null>} ReadTile */

/** A tree that grows by bundles of 256 leaves. */
export class Rebuild {
  /** The hashes of the unfinished tile of each level. @type {Uint8Array[][]} */
  #open = [[]];
  /** How many tiles of each level are finished. @type {number[]} */
  #done = [0];

  /** @param {ReadTile} readTile */
  constructor(readTile) {
    this.readTile = readTile;
  }

  /**
   * The next leaf hashes: 256, or fewer once at the end.
   * @param {Uint8Array[]} leaves
   */
  async add(leaves) {
    this.#open[0] = leaves;
    await this.#check(0);
    for (let level = 0; this.#open[level].length === WIDTH; level += 1) {
      if (level > 0) await this.#check(level);
      const root = treeHash(this.#open[level]);
      this.#open[level] = [];
      this.#done[level] += 1;
      (this.#open[level + 1] ??= []).push(root);
      this.#done[level + 1] ??= 0;
    }
  }

  /** Holds the unfinished tiles above the leaves against the disk. */
  async finish() {
    for (let level = 1; level < this.#open.length; level += 1) {
      if (this.#open[level].length > 0) await this.#check(level);
    }
  }

  /**
   * The root over everything added, and some leaves more that are not added.
   * @param {Uint8Array[]} [leaves] stand in for the unfinished tile of leaves
   * @returns {Uint8Array}
   */
  root(leaves = this.#open[0]) {
    /** @type {Uint8Array[]} */
    let below = [];
    for (const hashes of [leaves, ...this.#open.slice(1)]) {
      const all = [...hashes, ...below];
      if (all.length > 0) below = [treeHash(all)];
    }
    return treeHash(below);
  }

  /** @param {number} level */
  async #check(level) {
    const hashes = this.#open[level];
    const n = this.#done[level];
    const path = tilePath(level, n, hashes.length);
    const first = n * WIDTH ** (level + 1);
    const bytes = await this.readTile(level, n, hashes.length);
    must(bytes !== null, `${path} is missing`, first);
    parseTile(bytes, hashes.length, path, first).forEach((hash, i) => {
      const index = first + i * WIDTH ** level;
      const what = level === 0 ? `entry ${index} was changed` : `the entries from ${index} were changed`;
      must(equal(hash, hashes[i]), `${what}, or ${path} was: they do not fit each other`, index);
    });
  }
}
