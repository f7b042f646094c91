/** Nothing was read of anyone without a ruling, a consent, a model and a lease, and nothing came of it unlogged. */

import { counted, isWhole, names, personKey } from "./entry.mjs";
import { Loaded } from "./loaded.mjs";
import { Permissions } from "./permissions.mjs";

/** @typedef {import("./entry.mjs").Entry} Entry */
/** @typedef {import("./order.mjs").Report} Report */

/**
 * @typedef {object} Lease one that is open
 * @property {Entry} entry
 * @property {Set<string>} modalities
 * @property {Set<string>} stopped modalities that the person stopped while it was open
 */

const ENDS = new Set(["RESULT", "LEASE_CLOSE", "RECOVERY"]);
/** How long before the checkpoint a lease may have begun and still be open. */
const OPEN_US = 60_000_000;

/** Watches entries go by in the order of the log; what is missing is reported at the entry that shows it. */
export class Completeness {
  /** @type {Map<string, Lease>} */
  #open = new Map();
  /** When results counted a modality of a person: index and end, in turn. @type {Map<string, number[]>} */
  #counted = new Map();
  /** Whether a call's first entry was seen. @type {Map<string, boolean>} */
  #calls = new Map();
  /** @type {Entry | null} */
  #last = null;
  /** How many leases were open when the log's state was signed. */
  pending = 0;

  /**
   * @param {Report} report
   * @param {import("./erasures.mjs").Erasures} erasures
   */
  constructor(report, erasures) {
    this.report = report;
    this.erasures = erasures;
    this.loaded = new Loaded(report);
    this.permissions = new Permissions(report);
  }

  /** Calls whose beginning retention has deleted: their rules cannot be checked. @returns {number} */
  get cut() {
    return [...this.#calls.values()].filter((whole) => !whole).length;
  }

  /**
   * @param {Entry} entry
   * @param {boolean} pruned true when older entries of the log are gone
   */
  add(entry, pruned = false) {
    this.#last = entry;
    this.erasures.check(entry, this.report);
    if (pruned && this.#isCut(entry)) return;
    this.loaded.add(entry, pruned);
    this.permissions.add(entry);
    if (entry.kind === "LEASE") this.#lease(entry);
    else if (entry.kind === "RECOVERY" && entry.body.lease === undefined) return;
    else if (ENDS.has(entry.kind)) this.#end(entry);
    else if (entry.kind === "OPT_OUT") this.#optOut(entry);
  }

  /** After the last entry: leases that never ended, unless they had only just begun. */
  finish() {
    for (const { entry } of this.#open.values()) {
      const last = this.#last ?? entry;
      const recent = entry.boot === last.boot && last.monoUs - entry.monoUs <= OPEN_US;
      if (recent) this.pending += 1;
      else this.report(entry.seq, `lease ${entry.body.lease} never ends`);
    }
  }

  /**
   * True for entries of a call that began before the oldest entry kept: a whole call begins with a ruling.
   * @param {Entry} entry
   * @returns {boolean}
   */
  #isCut({ kind, body }) {
    if (typeof body.call_ref !== "string") return false;
    const whole = this.#calls.get(body.call_ref) ?? kind === "GATE";
    this.#calls.set(body.call_ref, whole);
    return !whole;
  }

  /** @param {Entry} entry */
  #lease(entry) {
    const key = leaseKey(entry);
    if (names(entry.body.modalities).length === 0) this.report(entry.seq, "lease on no modality");
    if (this.#open.has(key)) this.report(entry.seq, `lease ${entry.body.lease} is given twice`);
    this.#open.set(key, { entry, modalities: new Set(names(entry.body.modalities)), stopped: new Set() });
  }

  /** @param {Entry} entry */
  #end(entry) {
    const { seq, kind, body } = entry;
    const lease = this.#open.get(leaseKey(entry));
    this.#open.delete(leaseKey(entry));
    if (lease === undefined) {
      this.report(seq, `${kind} for lease ${body.lease}, which is not open`);
      return;
    }
    if (body.subject_ref !== undefined && body.subject_ref !== lease.entry.body.subject_ref) {
      this.report(seq, `${kind} speaks of another person than lease ${body.lease}`);
    }
    for (const modality of counted(body)) {
      if (!lease.modalities.has(modality))
        this.report(seq, `${kind} counts ${modality}, which lease ${body.lease} does not cover`);
      if (kind !== "RESULT") continue;
      if (lease.stopped.has(modality)) this.report(seq, `${modality} is counted after the opt-out`);
      const key = personKey(lease.entry, modality);
      const ends = this.#counted.get(key) ?? [];
      ends.push(seq, isWhole(body.end_us) ? body.end_us : 0);
      this.#counted.set(key, ends);
    }
  }

  /** @param {Entry} entry */
  #optOut(entry) {
    const modality = String(entry.body.modality);
    const atUs = isWhole(entry.body.at_us) ? entry.body.at_us : 0;
    for (const lease of this.#open.values()) {
      if (personKey(lease.entry, modality) === personKey(entry, modality)) lease.stopped.add(modality);
    }
    const ends = this.#counted.get(personKey(entry, modality)) ?? [];
    for (let i = 0; i < ends.length; i += 2) {
      if (ends[i + 1] > atUs) this.report(ends[i], `${modality} is counted beyond the opt-out at ${atUs} us`);
    }
  }
}

/**
 * @param {Entry} entry
 * @returns {string}
 */
function leaseKey(entry) {
  return `${entry.body.call_ref} ${entry.body.lease}`;
}
