/** What a receipt proves, in the words of the person who holds it. */

import { count, day, KEY_WITHIN, moment, READING } from "./words.mjs";

/** @typedef {import("./receipt.mjs").ReceiptReport} ReceiptReport */
/** @typedef {import("./words.mjs").Told} Told */

const COPIES =
  "That it was carried out as signed, or that nobody kept a copy elsewhere. What others did with what they had been sent cannot be seen from here.";
const HEADLINES = {
  consent: "This receipt is in the log",
  deletion: "This deletion is in the log",
  entry: "This entry is in the log",
};
const SAYS = { consent: consentProven, deletion: deletionProven, entry: entryProven };

/**
 * A receipt that holds.
 * @param {ReceiptReport} report
 * @returns {Told}
 */
export function tellReceipt(report) {
  const { trusted, entries, statement } = report;
  const { origin, size } = trusted.checkpoint;
  const proven = [
    `It stands in ${entries.length > 1 ? "entries" : "entry"} ${entries.map(({ seq }) => seq).join(", ")} of the log of ${origin}, which had ${count(size, "entry")} when it was signed.`,
  ];
  proven.push(...SAYS[report.type](statement));
  for (const { name, time } of trusted.witnesses)
    proven.push(`The witness ${name} saw that state of the log on ${day(time)}.`);
  const unproven = report.type === "deletion" ? [COPIES] : [READING];
  unproven.unshift(
    "By itself, that the log was not changed since. The log’s own files, checked together with this receipt, show that.",
  );
  if (report.ownKey) unproven.unshift(KEY_WITHIN);
  return { holds: true, headline: HEADLINES[report.type], about: origin, advice: "", proven, wrong: [], unproven };
}

/**
 * @param {ReceiptReport["statement"]} statement
 * @returns {string[]}
 */
function consentProven(statement) {
  const [purpose] = /** @type {{[name: string]: unknown}[]} */ (statement.purposes);
  const said = `${plain(purpose.modality)} for ${plain(purpose.purpose)}: ${plain(purpose.status)}`;
  const at = typeof statement.answered_at === "string" ? `, on ${moment(statement.answered_at)}` : "";
  return [`What you answered is exactly what was logged: ${said}${at}.`];
}

/**
 * @param {ReceiptReport["statement"]} statement
 * @returns {string[]}
 */
function deletionProven(statement) {
  const said = ["What it says about the deletion was signed with the key of the log."];
  if (typeof statement.erased_at === "string")
    said.push(`The organisation has signed that the data was deleted on ${moment(statement.erased_at)}.`);
  else said.push("The deletion was begun; the organisation has not signed yet that it is finished.");
  const keys = /** @type {{[name: string]: unknown} | undefined} */ (statement.keys);
  if (typeof keys?.destroyed_at === "string")
    said.push(
      `It has signed that the key under which backups could still be read was destroyed on ${moment(keys.destroyed_at)}.`,
    );
  else if (typeof keys?.destroyed_by === "string")
    said.push(
      `Backups can be read until their key is destroyed: the organisation has signed to do that by ${moment(keys.destroyed_by)}.`,
    );
  return said;
}

/**
 * @param {ReceiptReport["statement"]} entry
 * @returns {string[]}
 */
function entryProven({ kind, t_utc }) {
  return [`What it says is exactly what was logged: ${kind}, written on ${moment(String(t_utc))}.`];
}

/**
 * @param {unknown} word
 * @returns {string}
 */
function plain(word) {
  return String(word).replaceAll("_", " ");
}
