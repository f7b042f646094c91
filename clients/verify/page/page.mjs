/** The page: takes files, runs the checks, says how they went. */

import { Fault } from "../src/fault.mjs";
import { check } from "./checks.mjs";
import { chosen, dropped, sort } from "./given.mjs";
import { card, make } from "./render.mjs";

/** @type {Map<string, import("./given.mjs").One>} */
const all = new Map();
let turn = 0;

const drop = one("drop");
const key = /** @type {HTMLTextAreaElement} */ (one("key"));
const progress = /** @type {HTMLProgressElement} */ (one("progress"));
const results = one("results");
const status = one("status");

for (const [button, input] of [
  ["choose-files", "files"],
  ["choose-folder", "folder"],
]) {
  const field = /** @type {HTMLInputElement} */ (one(input));
  one(button).addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    take(chosen(field.files ?? []));
    field.value = "";
  });
}
one("again").addEventListener("click", () => {
  all.clear();
  key.value = "";
  say("");
  void run();
  one("choose-files").focus();
});
key.addEventListener("change", () => void run());
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
  });
}
document.addEventListener("drop", async ({ dataTransfer }) => {
  if (dataTransfer) take(await dropped(dataTransfer.items));
});

/** @param {import("./given.mjs").One[]} some */
function take(some) {
  for (const each of some) all.set(each.path, each);
  if (some.length > 0) void run();
}

/** Checks everything there is; a later turn ends an earlier one. */
async function run() {
  turn += 1;
  const mine = turn;
  const given = sort([...all.values()]);
  for (const { file } of key.value === "" ? given.keys : []) key.value = await file.text();
  show(given);
  results.replaceChildren();
  const found = [];
  try {
    if (all.size > 0) say("Checking…");
    for await (const outcome of check(given, key.value, (done, size) => mine === turn && advance(done, size))) {
      if (mine !== turn) return;
      found.push(outcome);
      results.append(card(outcome));
    }
    if (all.size > 0) say(summary(found));
  } catch (error) {
    if (!(error instanceof Fault)) {
      say("The check could not be finished: a file could not be read. Start over.");
      throw error;
    }
    say(`That key or policy cannot be read: ${error.message}.`);
  } finally {
    if (mine === turn) progress.hidden = true;
  }
}

/** @param {import("./checks.mjs").Outcome[]} found */
function summary(found) {
  if (found.length === 0) return "There is no receipt and no log among these files.";
  const failed = found.filter(({ told }) => !told.holds).length;
  if (found.length === 1) return `Done. ${found[0].told.headline}.`;
  return failed === 0 ? `Done. All ${found.length} hold.` : `Done. ${failed} of ${found.length} do not hold.`;
}

/** @param {import("./given.mjs").Given} given */
function show(given) {
  const items = [
    ...given.receipts.map(({ path }) => `Receipt: ${path}`),
    ...given.logs.map(
      ({ root, files }) => `Log: ${root.slice(0, -1) || "folder"} (${files.size.toLocaleString("en")} files)`,
    ),
    ...given.checkpoints.map(({ path }) => `Kept from before: ${path}`),
    ...given.proofs.map(({ path }) => `Proof: ${path}`),
    ...given.keys.map(({ path }) => `Key: ${path}`),
  ];
  if (given.others.length > 0) items.push(`Not used: ${given.others.length} other files`);
  one("given").replaceChildren(...items.map((item) => make("li", {}, item)));
  one("again").hidden = items.length === 0;
}

/**
 * @param {number} done
 * @param {number} size
 */
function advance(done, size) {
  progress.hidden = false;
  progress.value = done / size;
}

/** @param {string} words */
function say(words) {
  status.textContent = words;
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function one(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}
