/** Who was erased, and that nothing new was read, asked or ruled of them afterwards. */

import { names } from "./entry.mjs";

const NO_LONGER = new Set(["GATE", "CONSENT", "NOTICE", "LEASE", "RESULT", "SUPPRESSED"]);

/** Watches ERASURE entries go by, and what follows them. */
export class Erasures {
  /** References of people, and the entry that says they were erased. @type {Map<string, number>} */
  erased = new Map();

  /** @param {import("./entry.mjs").Entry} entry */
  note({ kind, body, seq }) {
    if (kind !== "ERASURE") return;
    const person = typeof body.subject_ref === "string" ? [body.subject_ref] : [];
    for (const ref of [...person, ...names(body.items)]) this.erased.set(ref, seq);
  }

  /**
   * @param {import("./entry.mjs").Entry} entry
   * @param {import("./order.mjs").Report} report
   */
  check({ kind, body, seq }, report) {
    const by = NO_LONGER.has(kind) ? this.erased.get(String(body.subject_ref)) : undefined;
    if (by !== undefined) report(seq, `${kind} about a person whose data entry ${by} erased`);
  }
}
