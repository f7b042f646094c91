// The consent ledger: answers without names.
import { api } from "./api.js";
import { table, word } from "./compliance_words.js";
import { failed, fill, h } from "./dom.js";
import { term } from "./terms.js";
import { moment, t } from "./words.js";

const byId = (id) => document.getElementById(id);
const KINDS = { given: "on", refused: "off", withdrawn: "off", expired: "unclear" };
let items = [];
let next = null;

export async function begin() {
  byId("find").addEventListener("submit", async (event) => {
    event.preventDefault();
    items = [];
    next = null;
    await look(new FormData(event.target));
  });
  byId("more").addEventListener("click", () => look(new FormData(byId("find"))));
  await look(new FormData());
}

async function look(chosen) {
  byId("failure").hidden = true;
  try {
    const found = chosen.get("person") ? await ofPerson(chosen) : await api(`/v1/consents?${query(chosen)}`);
    items.push(...found.items);
    next = found.next;
  } catch (problem) {
    failed(byId("failure"), problem);
  }
  show();
}

/** The person goes in the body, never in an address: addresses end up in logs. */
async function ofPerson(chosen) {
  const found = await api("/v1/consents/search", { method: "POST", body: { person: chosen.get("person") } });
  const fits = (one) => ["modality", "purpose", "status"].every((name) => !chosen.get(name) || one[name] === chosen.get(name));
  return { items: found.items.filter(fits), next: null };
}

function query(chosen) {
  const asked = new URLSearchParams({ limit: "50" });
  for (const [name, value] of chosen) if (value && name !== "person") asked.set(name, value);
  if (next) asked.set("cursor", next);
  return asked;
}

function show() {
  byId("more").hidden = next === null;
  fill(byId("found"), table(t("Answers found"), [
    [t("When"), (one) => moment(one.at)], [t("Modality"), (one) => term("modality", one.modality)], [t("Purpose"), (one) => term("purpose", one.purpose)],
    [t("Answer"), (one) => h(`span.chip.${KINDS[one.status] ?? "off"}`, {}, term("answer", one.status))], [t("Form"), (one) => word("consent", one.kind)],
    [t("Holds until"), (one) => (one.expires ? moment(one.expires, { dateStyle: "medium" }) : "–")],
    [t("Notice"), (one) => (one.notice ? `${one.notice} (${one.language})` : "–")], [t("Entry"), (one) => String(one.seq)],
  ], items, t("No answer fits.")));
}
