/** What was checked, in plain sentences: what is proven, what is wrong, and what no check of this kind can prove. */

/** @typedef {import("./log.mjs").LogReport} LogReport */

/**
 * @typedef {object} Told
 * @property {boolean} holds
 * @property {string} headline
 * @property {string} about which log, and how much of it
 * @property {string} advice what to do where it does not hold
 * @property {string[]} proven
 * @property {string[]} wrong
 * @property {string[]} unproven what it does not prove
 */

export const KEY_WITHIN =
  "That the log is the organisation’s. The key came with these files: compare it with the key that the organisation publishes elsewhere.";
const INSTALLED = "That no other software read the call. A log can only speak of what was written into it.";
export const READING =
  "That a reading was right. The log says that something was read, when and under which permission, not whether it fits you.";

const UNCHANGED = "Every entry is the one that was signed for: none was changed, removed, added or moved.";
const DAMAGED =
  "Keep these files as they are and ask the organisation. What you hold may be a damaged copy, or it may have been changed.";
const SIGNED_WRONG =
  "These files are as they were signed, and what they say breaks the log’s own rules. Keep them as they are and ask the organisation for the reason.";
/**
 * A whole log.
 * @param {LogReport} report
 * @param {boolean} ownKey the key came with the log
 * @param {boolean} [complete] completeness was asked for
 * @returns {Told}
 */
export function tellLog(report, ownKey, complete = true) {
  const { size, origin } = report.trusted.checkpoint;
  const wrong = report.findings.map(({ index, reason }) =>
    sentence(reason.includes(`entry ${index} `) ? reason : `entry ${index}: ${reason}`),
  );
  const holds = wrong.length === 0;
  const proven = holds ? logProven(report, complete) : [];
  const unproven = holds ? logUnproven(report, ownKey) : [];
  const headline = holds
    ? "The log has not been changed"
    : report.intact
      ? "This log does not add up"
      : "This log does not hold";
  if (report.intact && !holds) proven.push(UNCHANGED);
  return {
    holds,
    headline,
    advice: holds ? "" : report.intact ? SIGNED_WRONG : DAMAGED,
    about: `${origin}, ${count(size, "entry")}`,
    proven,
    wrong,
    unproven,
  };
}

/**
 * @param {LogReport} report
 * @param {boolean} ownKey
 * @returns {string[]}
 */
function logUnproven(report, ownKey) {
  const unproven = [READING, INSTALLED];
  if (report.continues.length === 0)
    unproven.unshift(
      "That this is the same history others were shown. Add a receipt or a checkpoint from earlier to see that.",
    );
  if (report.trusted.witnesses.length === 0)
    unproven.unshift("That anyone outside has seen this log. No witness has signed it.");
  if (ownKey) unproven.unshift(KEY_WITHIN);
  if (report.uncovered.length > 0)
    unproven.push(
      `What stands in ${count(report.uncovered.length, "newer file")} that the checkpoint does not reach yet.`,
    );
  return unproven;
}

/**
 * @param {LogReport} report
 * @param {boolean} complete
 * @returns {string[]}
 */
function logProven(report, complete) {
  const said = [UNCHANGED];
  said.push("The entries are numbered without a gap, and the clocks agree or the log says where they did not.");
  for (const { name, time } of report.trusted.witnesses)
    said.push(`The witness ${name} saw this state of the log on ${day(time)}.`);
  for (const size of report.continues)
    said.push(`It continues what you kept from before: the first ${count(size, "entry")} are still the same.`);
  if (complete) {
    said.push(
      "Each result stands on a ruling that allowed it, a consent where one was needed, a loaded model and a permission of at most a second.",
    );
    said.push("Nothing was counted of anyone after they opted out.");
  }
  if (report.erased.size > 0)
    said.push(
      `${count(report.erased.size, "person reference")} erased, and the log holds nothing new about them since.`,
    );
  if (report.kept > 0)
    said.push(`Entries before ${report.kept} are no longer kept, as retention asks; their hashes still are.`);
  if (report.cut > 0)
    said.push(`${count(report.cut, "call")} began before that: their permissions could not be checked.`);
  if (report.pending > 0)
    said.push(`${count(report.pending, "permission")} had just begun and not ended when this state was signed.`);
  return said;
}

/**
 * Something that does not hold.
 * @param {string} reason
 * @param {"log" | "receipt"} what
 * @returns {Told}
 */
export function tellFault(reason, what) {
  const headline = what === "log" ? "This log does not hold" : "This receipt does not hold";
  return { holds: false, headline, about: "", advice: DAMAGED, proven: [], wrong: [sentence(reason)], unproven: [] };
}

/**
 * The same for a terminal.
 * @param {Told} told
 * @returns {string[]}
 */
export function lines({ holds, headline, about, advice, proven, wrong, unproven }) {
  const shown = wrong.slice(0, 20).map((one) => `  ! ${one}`);
  if (wrong.length > shown.length) shown.push(`  ! and ${wrong.length - shown.length} more`);
  if (advice !== "") shown.push(advice);
  const asked = holds ? ["It does not prove:", ...unproven.map((one) => `  - ${one}`)] : [];
  return [`${headline}${about === "" ? "" : ` (${about})`}.`, ...proven.map((one) => `  + ${one}`), ...shown, ...asked];
}

/**
 * @param {string} reason
 * @returns {string}
 */
function sentence(reason) {
  return `${reason[0].toUpperCase()}${reason.slice(1)}.`;
}

/**
 * @param {number} n
 * @param {string} noun
 * @returns {string}
 */
export function count(n, noun) {
  const many = noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${n.toLocaleString("en")} ${n === 1 ? noun : many}`;
}

/**
 * @param {bigint} seconds since 1970
 * @returns {string}
 */
export function day(seconds) {
  return seconds < 8_640_000_000_000n ? moment(new Date(Number(seconds) * 1000).toISOString()) : "a time far away";
}

/**
 * @param {string} text RFC 3339 in UTC
 * @returns {string}
 */
export function moment(text) {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(text);
  return found ? `${found[1]} at ${found[2]} UTC` : text;
}
