// What a reviewer writes: comments at a time, a scorecard of their own, and whether an event was right.
import { api } from "./api.js";
import { failed, fill, h, say } from "./dom.js";
import { term } from "./terms.js";
import { clock, t } from "./words.js";

const byId = (id) => document.getElementById(id);
const QUESTIONS = [
  t("The purpose of the call was clear from the start"), t("The other side got to say what they needed"), t("Questions were open, and answers were waited for"),
  t("What stayed unclear was taken up again"), t("The next step was agreed by both"),
];

/** Comments and the form for another; `position()`: seconds now. */
export function comments(data, position, seek) {
  const [list, form, about] = [byId("comments"), byId("comment"), byId("comment-about")];
  const names = new Map(data.people.map((one) => [one.id, one.name]));
  fill(about, data.people.filter((one) => one.items !== null).map((one) => h("option", { value: one.id }, one.name)));
  form.hidden = !about.options.length;

  function show() {
    data.comments.sort((a, b) => a.at_us - b.at_us);
    fill(list, data.comments.map((one) => h("li", {},
      h("button.time-button", { type: "button", onclick: () => seek(one.at_us / 1e6) }, clock(one.at_us / 1e6)),
      h("div", {}, h("p", {}, one.words), h("p.quiet.small", {}, t("about {name}", { name: names.get(one.participant_id) ?? t("somebody who was erased") }))),
      one.own ? h("button.quiet-button", { type: "button", onclick: () => takeBack(one) }, t("Take back")) : null)));
    if (!data.comments.length) fill(list, h("li.quiet", {}, t("No comment yet.")));
  }
  async function takeBack(one) {
    await api(`${data.base}/comments/${one.comment_id}`, { method: "DELETE" });
    data.comments = data.comments.filter((other) => other !== one);
    show();
    say(t("The comment was taken back."));
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = byId("comment-words");
    try {
      const body = { participant_id: about.value, at_us: Math.round(position() * 1e6), words: words.value };
      data.comments.push(await api(`${data.base}/comments`, { method: "POST", body }));
      words.value = "";
      byId("comment-failure").hidden = true;
      show();
      say(t("The comment is kept."));
    } catch (problem) {
      failed(byId("comment-failure"), problem);
    }
  });
  show();
}

/** Five questions about the conversation, kept for this reviewer alone. */
export async function scorecard(data) {
  const form = byId("scorecard");
  const whom = data.people.find((one) => one.items !== null);
  if (!whom) return void fill(form, h("p.quiet", {}, t("There is nobody here whom you may review.")));
  const path = `${data.base}/participants/${whom.id}/scorecard`;
  const known = new Map((await api(path)).answers.map((one) => [one.question, one.score]));
  const line = h("p.quiet", { role: "status" });
  fill(form, h("p.quiet.small", {}, t("1: not at all, 5: throughout")), QUESTIONS.map((question, index) => asked(question, index, known.get(question) ?? null)), h("div.line", {}, h("button", { type: "submit" }, t("Keep the scorecard")), line));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = new FormData(form);
    const answers = QUESTIONS.map((question, index) => ({ question, score: Number(chosen.get(`q${index}`)) || null }));
    await api(path, { method: "PUT", body: { answers } });
    line.textContent = t("Kept.");
  });
}

function asked(question, index, score) {
  const choice = (value, words) => h("label.choice", {}, h("input", { type: "radio", name: `q${index}`, value, checked: (score ?? 0) === value }), words);
  return h("fieldset", {}, h("legend", {}, question), h("div.choices", {}, h("span.choices", {}, [1, 2, 3, 4, 5].map((value) => choice(value, String(value)))), choice(0, t("did not come up"))));
}

/** A reviewer's own word on an event; kept only with the yes of whom it is about. */
export function labelling(data, one, all) {
  const line = h("p.quiet.small", { role: "status" });
  const select = h("select", { "aria-label": t("What fits better here") },
    h("option", { value: one.label }, t("this fits")), all.filter((name) => name !== one.label).map((name) => h("option", { value: name }, term("state", name))),
    h("option", { value: "none" }, t("none of them")));
  const button = h("button", { type: "button", onclick: keep }, t("Keep as a label"));
  async function keep() {
    const span = { start_us: Math.round(one.start_s * 1e6), end_us: Math.round((one.end_s ?? data.duration_s) * 1e6) };
    try {
      await api(`${data.base}/labels`, { method: "POST", body: { participant_id: one.who, ...span, label: select.value, source: "reviewer", taxonomy: one.taxonomy } });
      line.textContent = t("Kept, to check the models by.");
    } catch (problem) {
      line.textContent = problem.status === 403 ? t("Not kept: this person has not agreed to labels.") : problem.message;
    }
  }
  return h("details.labelling.no-paper", {}, h("summary", {}, t("Was this right?")), h("div.line", {}, select, button), line);
}
