/** Numbers without a gap, one tenant, and clocks that do not run back unless the log says so. */

const TOLERANCE_US = 2_000_000;

/** @typedef {import("./entry.mjs").Entry} Entry */
/** @typedef {(index: number, reason: string) => void} Report */

/** Watches entries go by in the order of the log. */
export class Order {
  /** @type {Entry | null} */
  #last = null;

  /** @param {Report} report */
  constructor(report) {
    this.report = report;
  }

  /**
   * @param {Entry} entry
   * @param {number} index
   */
  add(entry, index) {
    const last = this.#last;
    this.#last = entry;
    if (entry.seq !== index) this.report(index, `the entry is numbered ${entry.seq}`);
    if (last === null) return;
    if (entry.tenant !== last.tenant) this.report(index, "the entry belongs to another tenant");
    const passedUs = entry.utcUs - last.utcUs;
    if (entry.boot === last.boot && entry.monoUs < last.monoUs) this.report(index, "the monotonic clock runs back");
    if (entry.kind === "CLOCK_ANOMALY") return;
    if (passedUs < 0) this.report(index, "the wall clock runs back, and no CLOCK_ANOMALY says so");
    else if (entry.boot === last.boot && Math.abs(passedUs - (entry.monoUs - last.monoUs)) > TOLERANCE_US) {
      this.report(index, "the two clocks drift apart by more than 2 s, and no CLOCK_ANOMALY says so");
    }
  }
}
