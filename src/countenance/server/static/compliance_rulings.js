// Any case put to the gate, and the laws it answers from.
import { api } from "./api.js";
import { duties, table, verdicts, word } from "./compliance_words.js";
import { failed, fill, h } from "./dom.js";
import { term } from "./terms.js";
import { language, moment, number, t } from "./words.js";

const byId = (id) => document.getElementById(id);
const day = (value) => moment(value, { dateStyle: "long", timeZone: "UTC" });

export async function begin() {
  byId("explain").addEventListener("submit", async (event) => {
    event.preventDefault();
    byId("failure").hidden = true;
    try {
      answer(await api(`/v1/policy/explain?language=${language}`, { method: "POST", body: asked(new FormData(event.target)) }));
    } catch (problem) {
      failed(byId("failure"), problem);
    }
  });
  const policy = await api("/v1/policy");
  fill(byId("laws"), table(t("Law files"), [
    [t("Name"), (one) => h("span", { lang: "en" }, one.name)], [t("Layer"), (one) => word("layer", one.layer)], [t("Rules"), (one) => number(one.rules)],
    [t("Checked on"), (one) => h("span.when", {}, moment(one.checked_on, { dateStyle: "medium", timeZone: "UTC" }))], [t("Certainty"), (one) => word("certainty", one.certainty)], [t("Source"), (one) => h("span", { lang: "en" }, one.source)],
  ], policy.laws, ""), h("p.quiet.small", {}, t("Digest that every ruling carries:"), " ", h("code", {}, policy.digest)));
}

function asked(chosen) {
  const facts = {};
  for (const [name, value] of chosen) if (name.startsWith("fact-") && value) facts[name.slice(5)] = value;
  return {
    purpose: chosen.get("purpose"), role: chosen.get("role"), modality: chosen.get("modality"), output: chosen.get("output") || null,
    consequence: chosen.get("consequence"), jurisdictions: chosen.getAll("jurisdictions"), facts, on: chosen.get("on") || null,
  };
}

function answer(found) {
  const { allowed } = found;
  byId("answer").hidden = false;
  const title = byId("answer-title");
  title.textContent = allowed ? t("Allowed") : t("Refused");
  const asked = found.case;
  const places = asked.jurisdictions.map((one) => word("place", one)).join(", ") || t("place not known");
  const rest = Object.values(found.remains ?? {});
  fill(byId("answer-body"),
    h("p.quiet", {}, [term("modality", asked.modality), term("role", asked.role), term("purpose", asked.purpose), places, day(asked.on)].join(" · ")),
    verdicts(found.verdicts), duties(found.duties),
    !allowed && rest.length ? h("p.note", {}, t("What may be read instead: {what}.", { what: rest.map((one) => term("modality", one.case.modality)).join(", ") })) : null);
  title.focus();
}
