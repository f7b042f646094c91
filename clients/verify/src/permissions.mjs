/** Every lease stands on an allowing ruling and, where that asks for it, on the person's own yes. */

import { isWhole, names, personKey } from "./entry.mjs";

/** @typedef {import("./entry.mjs").Entry} Entry */

/**
 * @typedef {object} Answer what a person said of one modality
 * @property {number} atUs media time from which it holds
 * @property {boolean} given
 * @property {Entry} entry
 */

/** Kinds of consent, the weakest first. */
const CONSENT_KINDS = ["none", "explicit", "express_written", "written_release", "parental_verifiable"];

/** Watches rulings and answers go by, and looks at each lease. */
export class Permissions {
  /** @type {Map<string, Entry>} */
  #rulings = new Map();
  /** @type {Map<string, Answer[]>} */
  #answers = new Map();

  /** @param {import("./order.mjs").Report} report */
  constructor(report) {
    this.report = report;
  }

  /** @param {Entry} entry */
  add(entry) {
    const { kind, body } = entry;
    const modality = String(body.modality);
    if (kind === "GATE") this.#rulings.set(personKey(entry, modality), entry);
    else if (kind === "CONSENT") this.#answer(entry, modality, body.status === "given");
    else if (kind === "OPT_OUT") this.#answer(entry, modality, false);
    else if (kind === "LEASE") for (const name of names(body.modalities)) this.#modality(entry, name);
  }

  /**
   * @param {Entry} entry
   * @param {string} modality
   * @param {boolean} given
   */
  #answer(entry, modality, given) {
    const key = personKey(entry, modality);
    const answers = this.#answers.get(key) ?? [];
    answers.push({ atUs: isWhole(entry.body.at_us) ? entry.body.at_us : 0, given, entry });
    this.#answers.set(key, answers);
  }

  /**
   * @param {Entry} entry
   * @param {string} modality
   */
  #modality(entry, modality) {
    const { seq, body } = entry;
    const key = personKey(entry, modality);
    const ruling = this.#rulings.get(key)?.body;
    if (ruling?.decision !== "allow" || ruling.policy_digest !== body.policy_digest) {
      this.report(seq, `lease on ${modality} without an allowing ruling`);
      return;
    }
    const startUs = isWhole(body.start_us) ? body.start_us : 0;
    const answer = latest(this.#answers.get(key) ?? [], startUs);
    if (answer === null ? ruling.consent_kind === "none" : answer.given && strongEnough(answer, ruling)) return;
    this.report(seq, `lease on ${modality} without a consent`);
  }
}

/**
 * The answer that holds at a media time; of two with one time, the later in the log.
 * @param {Answer[]} answers
 * @param {number} atUs
 * @returns {Answer | null}
 */
function latest(answers, atUs) {
  /** @type {Answer | null} */
  let found = null;
  for (const answer of answers) {
    if (answer.atUs <= atUs && (found === null || answer.atUs >= found.atUs)) found = answer;
  }
  return found;
}

/**
 * True when the consent is for the ruling's purpose and of the kind it asks for.
 * @param {Answer} answer
 * @param {Entry["body"]} ruling
 * @returns {boolean}
 */
function strongEnough(answer, ruling) {
  const { consent_kind, purpose } = answer.entry.body;
  const wanted = CONSENT_KINDS.indexOf(String(ruling.consent_kind));
  return wanted >= 0 && CONSENT_KINDS.indexOf(String(consent_kind)) >= wanted && purpose === ruling.purpose;
}
