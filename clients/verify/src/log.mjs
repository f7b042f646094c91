/** A whole exported log: signature, quorum, tree, tiles, order, what went before, and completeness. */

import { Completeness } from "./completeness.mjs";
import { isWhole, parseEntry } from "./entry.mjs";
import { equal } from "./bytes.mjs";
import { Erasures } from "./erasures.mjs";
import { Fault, must } from "./fault.mjs";
import { Folder } from "./folder.mjs";
import { leafHash } from "./merkle.mjs";
import { MAX_NOTE_BYTES } from "./note.mjs";
import { Order } from "./order.mjs";
import { openCheckpoint } from "./policy.mjs";
import { Rebuild } from "./rebuild.mjs";
import { cutBundle, cutTile, parseBundle, parseTile, tilePath, WIDTH } from "./tiles.mjs";

const MAX_FINDINGS = 1000;

/**
 * @typedef {import("./checkpoint.mjs").Checkpoint} Checkpoint
 *
 * @typedef {object} Finding
 * @property {number} index the entry, or the size of the log where it is none of them
 * @property {string} reason
 *
 * @typedef {object} Options
 * @property {boolean} [completeness]
 * @property {Uint8Array[]} [remembered] checkpoints of the same log that were kept from before
 * @property {(done: number, size: number) => Promise<void> | void} [progress]
 *
 * @typedef {object} LogReport
 * @property {import("./policy.mjs").Trusted} trusted
 * @property {Finding[]} findings empty when the log holds, else the first bad entry first
 * @property {boolean} intact true when the entries are those that were signed, whatever they say
 * @property {number} kept the first entry that can still be read
 * @property {number[]} continues sizes of the remembered checkpoints that this log continues
 * @property {number} retained the entry up to which the log itself says that retention has ended
 * @property {number} cut calls whose beginning is no longer kept, so that completeness cannot be checked
 * @property {number} pending leases that were still open when the checkpoint was signed
 * @property {ReadonlyMap<string, number>} erased references of people, and the entry that says they were erased
 * @property {ReadonlyMap<string, number>} kinds how many entries of each kind
 * @property {string[]} uncovered files that the checkpoint does not reach
 */

/**
 * Reads everything once. A checkpoint that cannot be trusted is a fault; all that is wrong below it is in the findings.
 * @param {import("./folder.mjs").Files} files
 * @param {import("./policy.mjs").Policy} policy
 * @param {Options} [options]
 * @returns {Promise<LogReport>}
 */
export async function verifyLog(files, policy, options = {}) {
  const note = await files.read("checkpoint", MAX_NOTE_BYTES);
  must(note !== null, "there is no checkpoint");
  const trusted = await openCheckpoint(note, policy);
  const remembered = [];
  for (const kept of options.remembered ?? []) remembered.push((await openCheckpoint(kept, policy)).checkpoint);
  const folder = new Folder(files, await files.list());
  const reading = new Reading(folder, trusted.checkpoint, remembered, options);
  return { trusted, ...(await reading.all()) };
}

/** One pass over the bundles of a log. */
class Reading {
  /** @type {Finding[]} */
  #findings = [];
  /** @type {Map<string, number>} */
  #kinds = new Map();
  /** The roots this tree had at the sizes of remembered checkpoints. @type {Map<number, Uint8Array>} */
  #roots = new Map();
  #kept = 0;
  #retained = 0;

  /**
   * @param {Folder} folder
   * @param {Checkpoint} checkpoint
   * @param {Checkpoint[]} remembered
   * @param {Options} options
   */
  constructor(folder, checkpoint, remembered, options) {
    this.folder = folder;
    this.checkpoint = checkpoint;
    this.remembered = remembered;
    this.options = options;
    this.rebuild = new Rebuild((level, n, width) => folder.tile(level, n, width, cutTile));
    this.erasures = new Erasures();
    this.order = new Order(this.#report);
    this.completeness = new Completeness(this.#report, this.erasures);
  }

  /** @returns {Promise<Omit<LogReport, "trusted">>} */
  async all() {
    let intact = false;
    try {
      await this.#read();
      intact = true;
      if (this.options.completeness) this.completeness.finish();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#findings.push({ index: error.index ?? this.checkpoint.size, reason: error.message });
    }
    return {
      findings: this.#findings.sort((one, other) => one.index - other.index),
      intact,
      kept: this.#kept,
      continues: this.remembered.map(({ size }) => size),
      retained: this.#retained,
      cut: this.completeness.cut,
      pending: this.completeness.pending,
      erased: this.erasures.erased,
      kinds: this.#kinds,
      uncovered: this.folder.uncovered,
    };
  }

  async #read() {
    const { size, root } = this.checkpoint;
    for (let start = 0; start < size; start += WIDTH) {
      await this.#bundle(start, Math.min(WIDTH, size - start));
      await this.options.progress?.(Math.min(start + WIDTH, size), size);
    }
    await this.rebuild.finish();
    const now = this.rebuild.root();
    must(equal(now, root), "the entries do not lead to the root that the checkpoint states", 0);
    must(
      this.#kept <= this.#retained,
      `entries up to ${this.#kept} were removed, and no RETENTION says so`,
      this.#retained,
    );
    this.#roots.set(size, now);
    for (const before of this.remembered) this.#continues(before);
  }

  /**
   * @param {number} start
   * @param {number} width
   */
  async #bundle(start, width) {
    const n = start / WIDTH;
    const path = tilePath("entries", n, width);
    const bytes = await this.folder.tile("entries", n, width, cutBundle);
    if (bytes === null) {
      await this.#add(start, await this.#pruned(n, width, path));
      return;
    }
    const { entries, fault } = parseBundle(bytes, width, path, start);
    if (fault !== null) await this.#explain(entries, n, width, fault);
    await this.#add(start, entries.map(leafHash));
    entries.forEach((leaf, i) => this.#entry(leaf, start + i));
  }

  /**
   * @param {number} start
   * @param {Uint8Array[]} leaves
   */
  async #add(start, leaves) {
    for (const { size } of this.remembered) {
      if (size >= start && size < start + leaves.length) {
        this.#roots.set(size, this.rebuild.root(leaves.slice(0, size - start)));
      }
    }
    await this.rebuild.add(leaves);
  }

  /**
   * A bundle cannot be cut into entries: the first entry that its tile denies is where it went wrong.
   * @param {Uint8Array[]} entries
   * @param {number} n
   * @param {number} width
   * @param {Fault} fault
   */
  async #explain(entries, n, width, fault) {
    const tile = (await this.folder.tile(0, n, width, cutTile)) ?? new Uint8Array(0);
    entries.forEach((entry, i) => {
      const index = n * WIDTH + i;
      must(
        equal(leafHash(entry), tile.subarray(32 * i, 32 * i + 32)),
        `entry ${index} was changed: ${fault.message}`,
        index,
      );
    });
    throw fault;
  }

  /**
   * Where retention has deleted the oldest bundles, their hashes are still there.
   * @param {number} n
   * @param {number} width
   * @param {string} path
   * @returns {Promise<Uint8Array[]>}
   */
  async #pruned(n, width, path) {
    const start = n * WIDTH;
    must(width === WIDTH && this.#kept === start, `${path} is missing`, start);
    const tile = await this.folder.tile(0, n, width, cutTile);
    must(tile !== null, `${path} is missing, and so is its tile`, start);
    this.#kept += width;
    return parseTile(tile, width, tilePath(0, n, width), start);
  }

  /**
   * @param {Uint8Array} leaf
   * @param {number} index
   */
  #entry(leaf, index) {
    const entry = parseEntry(leaf, index);
    this.order.add(entry, index);
    this.erasures.note(entry);
    this.#kinds.set(entry.kind, (this.#kinds.get(entry.kind) ?? 0) + 1);
    if (entry.kind === "RETENTION" && isWhole(entry.body.minimum)) {
      this.#retained = Math.max(this.#retained, entry.body.minimum);
    }
    if (this.options.completeness) this.completeness.add(entry, this.#kept > 0);
  }

  /** @param {Checkpoint} before a checkpoint that was kept */
  #continues({ origin, size, root }) {
    must(origin === this.checkpoint.origin, `the checkpoint from before is of another log, ${origin}`);
    const then = this.#roots.get(size);
    must(then !== undefined, `the log was cut: it had ${size} entries before and has ${this.checkpoint.size} now`);
    must(equal(then, root), `the first ${size} entries are not those of before: the log was rewritten`, 0);
  }

  /** @type {import("./order.mjs").Report} */
  #report = (index, reason) => {
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push({ index, reason });
  };
}
