/** Who was erased, and that nothing new was read, asked or ruled of them afterwards. */

import { names } from "./entry.mjs";

const NO_LONGER = new Set(["GATE", "CONSENT", "NOTICE", "LEASE", "RESULT", "SUPPRESSED"]);

/** Watches ERASURE entries go by, and what follows them. */
export class Erasures {
  /** References of people, and the entry that says they were erased. @type {Map<string, number>} */
  erased = new Map();

  /** @param {import("./order.mjs").Report} report */
  constructor(report) {
    this.report = report;
  }

  /** @param {import("./entry.mjs").Entry} entry */
  add({ kind, body, seq }) {
    const person = typeof body.subject_ref === "string" ? body.subject_ref : null;
    if (kind === "ERASURE") {
      for (const ref of [...(person === null ? [] : [person]), ...names(body.items)]) this.erased.set(ref, seq);
    } else if (person !== null && NO_LONGER.has(kind) && this.erased.has(person)) {
      this.report(seq, `${kind} about a person whose data entry ${this.erased.get(person)} erased`);
    }
  }
}
