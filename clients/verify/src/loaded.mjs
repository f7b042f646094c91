/** Every policy that rules and every model that runs was loaded before, and the log says so. */

import { counted, names } from "./entry.mjs";

/** Turn-taking is counted without any model. */
const WITHOUT_MODEL = "telemetry";

/** Watches policies and models being loaded and used. */
export class Loaded {
  /** @type {Set<string>} */
  #policies = new Set();
  /** @type {Set<string>} */
  #models = new Set();

  /** @param {import("./order.mjs").Report} report */
  constructor(report) {
    this.report = report;
  }

  /**
   * @param {import("./entry.mjs").Entry} entry
   * @param {boolean} pruned true when older entries are gone, and what they loaded with them
   */
  add({ kind, body, seq }, pruned) {
    if (kind === "POLICY_LOAD") this.#policies.add(String(body.policy_digest));
    else if (kind === "MODEL_LOAD") this.#models.add(String(body.sha256));
    else if (pruned) return;
    else if (kind === "GATE" && !this.#policies.has(String(body.policy_digest))) {
      this.report(seq, "a ruling under a policy that was never loaded");
    } else if (kind === "LEASE" || kind === "RESULT") {
      const unknown = names(body.model_digests).find((digest) => !this.#models.has(digest));
      if (unknown !== undefined) this.report(seq, `${kind} names the model ${unknown}, which was never loaded`);
      const read = counted(body).some((modality) => modality !== WITHOUT_MODEL);
      if (read && this.#models.size === 0) this.report(seq, "a result before any model was loaded");
    }
  }
}
