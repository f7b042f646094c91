// Notes for a system of record: what would leave of whom, and that it leaves by this reviewer's click alone.
import { api } from "./api.js";
import { failed, fill, h, say } from "./dom.js";
import { term } from "./terms.js";
import { language, listed, n, t } from "./words.js";

const byId = (id) => document.getElementById(id);
const SYSTEM = { crm: t("customer record (CRM)"), lms: t("learning record (LMS)"), ehr: t("patient record (EHR)") };
const STAYS = {
  worker: t("Nothing leaves: what is read of people at work goes into no record, least of all at their employer."),
  purpose: t("Nothing leaves: such a system does not record calls of this kind."),
  role: t("Nothing leaves: such a system records other people."),
  refused: t("Nothing leaves: law or charter did not let this person be read."),
  group: t("Nothing leaves: this person counts in groups, and in nothing else."),
  own_eyes: t("Nothing leaves: what is read is for this person alone."),
  minor: t("Nothing leaves: nobody has stated that this person is an adult."),
  sharing: t("Nothing leaves: passing it on needs a consent of its own, which was not asked for."),
  open: t("Nothing leaves while the call goes on."),
  recipients: t("Nothing leaves: the notice told the people of this call that nobody else receives what is read."),
  reviewer: t("Somebody else is the reviewer of this person."),
};

/** The section of the review; hidden where no system records calls of this purpose. */
export async function drafts(data) {
  const offered = await api(`${data.base}/drafts`).catch((problem) => {
    // Nothing is kept of anybody any more, or this reviewer may see nobody's readings.
    if (problem.status === 404 || problem.status === 403) return { items: [], recipients: [], endpoints: [] };
    throw problem;
  });
  byId("notes").hidden = !offered.items.length;
  fill(byId("notes-where"), where(offered));
  const names = new Map(data.people.map((one) => [one.id, one.name]));
  const order = data.people.map((one) => one.id);
  const items = offered.items.toSorted((a, b) => order.indexOf(a.participant_id) - order.indexOf(b.participant_id));
  fill(byId("drafts"), items.map((one) => row(data, one, names.get(one.participant_id) ?? "")));
}

function where({ recipients, endpoints }) {
  const said = [t("A draft is kept nowhere and leaves by your click alone.")];
  if (recipients.length) said.push(t("It goes to {names}.", { names: listed(recipients) }));
  said.push(endpoints.length
    ? n("{count} webhook is told of it: {addresses}.", "{count} webhooks are told of it: {addresses}.", { count: endpoints.length, addresses: listed(endpoints) })
    : t("No webhook is told of it: it waits here until it is fetched."));
  return said.join(" ");
}

function row(data, one, name) {
  const head = h("h3", {}, t("{name}: {system}", { name, system: SYSTEM[one.system] }));
  if (one.left) return h("li", {}, head, h("p", {}, t("A note has left. It is deleted here with what was read of this person.")));
  if (one.stays) return h("li", {}, head, h("p.quiet", {}, STAYS[one.stays]));
  const [body, failure] = [h("div.stack", {}), h("p.failure", { role: "alert", hidden: true })];
  const path = `${data.base}/participants/${one.participant_id}/drafts/${one.system}`;
  const look = () => tried(failure, async () => fill(body, form({ path, look, body }, await api(`${path}?language=${language}`), `text-${one.participant_id}-${one.system}`)));
  fill(body, h("button", { type: "button", onclick: look }, t("Look at the draft")));
  return h("li", {}, head, body, failure);
}

async function tried(failure, act) {
  failure.hidden = true;
  try {
    await act();
  } catch (problem) {
    failed(failure, problem);
  }
}

function form({ path, look, body }, draft, id) {
  const text = h("textarea", { id, rows: 8, maxlength: 20000, required: true });
  text.value = draft.note.text;
  const failure = h("p.failure", { role: "alert", hidden: true });
  const button = h("button.main-button", { type: "submit" }, t("Let this note leave"));
  const made = h("form.stack", {},
    h("label", { for: id }, t("What the note says")), text,
    h("p.quiet.small", {}, t("A proposal; write it as you want it. The shapes below go along, with your text in them.")),
    draft.note.states.length ? h("p.quiet.small", {}, t("Besides, in words and without figures: how much of the call was read as {states}.", { states: listed(draft.note.states.map((one) => term("state", one.label))) })) : null,
    h("details", {}, h("summary", {}, t("Everything that leaves, word for word")), h("pre", { tabindex: "0" }, JSON.stringify(draft.note, null, 2))),
    failure, h("div.line", {}, button, h("button", { type: "button", onclick: look }, t("Begin anew"))));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    tried(failure, async () => {
      await api(`${path}/accept`, { method: "POST", body: { digest: draft.digest, text: text.value, language } });
      const done = h("p", { tabindex: "-1" }, t("A note has left. It is deleted here with what was read of this person."));
      fill(body, done);
      done.focus();
      say(t("The note has left."));
    }).finally(() => { button.disabled = false; });
  });
  return made;
}
