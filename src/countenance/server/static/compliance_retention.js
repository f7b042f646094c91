// What is due, what has no date, and what was deleted before.
import { api } from "./api.js";
import { table, word } from "./compliance_words.js";
import { fill, h } from "./dom.js";
import { moment, number, t } from "./words.js";

const byId = (id) => document.getElementById(id);

export async function begin() {
  const found = await api("/v1/retention");
  const undated = Object.entries(found.undated);
  fill(byId("found"), h("dl.facts.card", {},
    h("dt", {}, t("Due now")), h("dd", {}, counted(found.due_now) || t("nothing")),
    h("dt", {}, t("Next due")), h("dd", {}, found.next_due_at ? moment(found.next_due_at) : t("nothing has a date yet")),
    h("dt", {}, t("Log kept at least")), h("dd", {}, t("{count} days", { count: number(found.log_days) })),
    undated.length ? [h("dt", {}, t("Without a date")), h("dd", {}, counted(found.undated), " – ", t("somebody has to decide"))] : []));
  await show(found);
}

/** The newest runs; `before`: those of the pages before. */
async function show(page, before = []) {
  const runs = [...before, ...page.runs];
  fill(byId("runs"), table(t("Runs that deleted something"), [
    [t("When"), (one) => moment(one.at)], [t("What"), (one) => what(one.body)], [t("Entry"), (one) => String(one.seq)],
  ], runs, t("Nothing was due so far.")));
  byId("more").hidden = page.next === null;
  byId("more").onclick = async () => show(await api(`/v1/retention?cursor=${encodeURIComponent(page.next)}`), runs);
}

const counted = (counts) => Object.entries(counts).filter(([, count]) => count).map(([name, count]) => `${number(count)} ${word("kept", name)}`).join(", ");

function what(body) {
  if (body.scope === "purpose_ended") return t("A purpose was met: {purpose}", { purpose: word("purpose", body.purpose) });
  if (body.scope === "log") return t("Entries before {seq} were removed from the log; their hashes stay", { seq: number(body.minimum) });
  return counted(body.counts ?? {});
}
