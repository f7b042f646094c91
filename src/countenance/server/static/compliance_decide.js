// The five questions, one after the other, by keyboard as well; then the decision with all its reasons.
import { api } from "./api.js";
import { duties, keep, verdicts, word } from "./compliance_words.js";
import { failed, fill, h } from "./dom.js";
import { term } from "./terms.js";
import { language, listed, t } from "./words.js";

const byId = (id) => document.getElementById(id);
const form = byId("decide");
const steps = [...form.querySelectorAll("[data-step]")];
const WAYS = {
  rent: t("Rent: below 5,000 minutes a month, an interface of somebody else costs least, if the law lets the data go there."),
  mixed: t("Mixed: between 5,000 and 30,000 minutes, own inference for what is frequent, rented for the rest."),
  own: t("Own inference, such as this one: above 30,000 minutes a month, or where data must stay with you or in the EU."),
};
let at = 0;

export function begin() {
  fill(byId("steps"), steps.map(() => h("span")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    next();
  });
  byId("step-back").addEventListener("click", () => show(at - 1));
  byId("again").addEventListener("click", () => again());
  show(0, false);
}

function show(step, focus = true) {
  at = step;
  steps.forEach((one, index) => { one.hidden = index !== at; });
  [...byId("steps").children].forEach((one, index) => one.classList.toggle("done", index <= at));
  byId("progress").textContent = t("Question {number} of {all}", { number: at + 1, all: steps.length });
  byId("step-back").hidden = at === 0;
  byId("step-on").textContent = at === steps.length - 1 ? t("Decide") : t("Next");
  byId("step-failure").hidden = true;
  if (focus) steps[at].querySelector("h2").focus();
}

async function next() {
  const chosen = new FormData(form);
  if (at === 0 && !chosen.getAll("roles").length) {
    failed(byId("step-failure"), { message: t("Nobody is on the call."), fix: t("Choose at least one role.") });
    form.elements.roles[0].focus();
    return;
  }
  if (at < steps.length - 1) return void show(at + 1);
  try {
    const questions = asked(chosen);
    const found = await decision(questions);
    // What is refused person by person may be allowed of a group.
    const group = !found.allowed && !found.barred && questions.reviewed && (await decision({ ...questions, reviewed: false })).allowed;
    decided(found, group);
  } catch (problem) {
    failed(byId("step-failure"), problem);
  }
}

const decision = (body) => api(`/v1/policy/decide?language=${language}`, { method: "POST", body });

function asked(chosen) {
  const names = [...form.querySelectorAll("[data-fact]")].map((one) => one.name);
  const facts = Object.fromEntries(names.map((name) => [name, chosen.get(name)]).filter(([, value]) => value));
  return {
    purpose: chosen.get("purpose"), roles: chosen.getAll("roles"), jurisdictions: chosen.getAll("jurisdictions"), facts, on: chosen.get("on") || null,
    minutes: Number(chosen.get("minutes")), timing: chosen.get("timing"), residence: chosen.get("residence"), reviewed: chosen.get("reviewed") === "yes",
  };
}

const UNSTATED = /(?:strictest is assumed|facts are stated): ([\w, ]+)/;

/** Facts that were not stated and that a refusal rests on. */
function unstated(rulings) {
  const named = rulings.filter((one) => !one.allowed).flatMap((one) => one.verdicts).flatMap((one) => UNSTATED.exec(one.reason)?.[1].split(", ") ?? []);
  return [...new Set(named)].filter((name) => form.elements[name]);
}

/** What somebody may do about a refusal that is not for good. */
function hints(found, group) {
  const names = found.barred ? [] : unstated(found.rulings);
  const back = (step, place) => h("p", {}, h("button", { type: "button", onclick: () => again(step, place) }, t("Back to that question")));
  return [
    names.length > 0 && h("div.note", {}, h("p", {}, t("Some of it is refused only because this was not stated: {facts}.", { facts: listed(names.map((name) => word("fact", name))) })), back(0, names[0])),
    group && h("div.note", {}, h("p", {}, t("Of groups it may be read: with nobody who looks at single people.")), back(steps.length - 1)),
  ];
}

function again(step = 0, place = null) {
  form.hidden = false;
  byId("decision").hidden = true;
  show(step, place === null);
  if (place === null) return;
  const field = form.elements[place];
  field.closest("details")?.setAttribute("open", "");
  field.focus();
}

function decided(found, group) {
  form.hidden = true;
  byId("decision").hidden = false;
  const title = byId("decision-title");
  title.textContent = found.barred ? t("Refused, whoever is on the call and wherever they are") : found.allowed ? t("Allowed, for some and under conditions") : t("Refused");
  byId("decision-words").textContent = found.allowed
    ? found.consequence === "individual" ? t("A named human looks at single people and decides.") : t("Only results about groups may be shown.")
    : found.barred ? t("Nothing may be read, so there is nothing to configure. No setting and no consent lifts this.") : t("As it is asked, nothing may be read, so there is nothing to configure. No consent lifts this.");
  fill(byId("decision-hints"), hints(found, group));
  const roles = [...new Set(found.rulings.map((one) => one.case.role))];
  fill(byId("decision-people"), roles.map((role) => person(role, found.rulings.filter((one) => one.case.role === role))));
  byId("decision-way").hidden = !found.allowed;
  fill(byId("decision-way"), h("h3", {}, t("How to go about it")), h("p", {}, WAYS[found.path]),
    h("p.quiet.small", {}, t("The numbers of minutes are inputs taken from the field, not facts; put your own prices beside them.")));
  fill(byId("decision-file"), found.configuration === null ? [] : file(found));
  title.focus();
}

function person(role, rulings) {
  return h("div.card", {}, h("h3", {}, term("role", role)),
    h("ul.chips", {}, rulings.map((one) => h(`li.chip.${one.allowed ? "on" : "barred"}`, {}, term("modality", one.case.modality), h("span.quiet", {}, one.allowed ? t("may be read") : t("refused"))))),
    rulings.map((one) => h("details", {}, h("summary", {}, t("{modality}: why", { modality: term("modality", one.case.modality) })), verdicts(one.verdicts), duties(one.duties))));
}

function file(found) {
  return h("div.card", {}, h("h3", {}, t("The configuration that follows")), h("pre.code", { tabindex: "0" }, h("code", {}, found.configuration)),
    h("div.line", {},
      h("button", { type: "button", onclick: () => keep("deployment.toml", new Blob([found.configuration], { type: "application/toml" })) }, t("Save the configuration")),
      h("button", { type: "button", onclick: () => keep("decision.note", new Blob([found.signed], { type: "text/plain" })) }, t("Save it signed"))),
    h("p.quiet.small", {}, t("The signed form is a note under the key of the log: it shows that this gate decided so, under this policy.")));
}

