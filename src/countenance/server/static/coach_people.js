// The people of a call: what is on for each, what is estimated and how sure that is, and the last minutes as a curve.
import { chart } from "./chart.js";
import { fill, h, say } from "./dom.js";
import { keyed, write } from "./keyed.js";
import { certainty, estimate, notEnough, refusal, term } from "./terms.js";
import { apart, gathered, language, listed, t } from "./words.js";

const READ = ["face", "voice", "text"];
/** The duty of a ruling that lets somebody count in a group and nothing be said of them alone. */
const GROUP = "aggregate_window_5min";
const KEPT_S = 300;
const STALE_MS = 6000;

/** The panels in `place`; `reviewer`: whether readings are shown at all. */
export function people(place, reviewer) {
  const known = new Map();
  const read = h("div.people");
  const silent = h("ul.silent-people", { "aria-label": t("Not analysed") });
  const one = (id) => {
    if (!known.has(id)) known.set(id, { id, name: id, role: "", rulings: {}, consent: {}, events: new Set(), rows: [], sample: null, at: 0 });
    return known.get(id);
  };
  const showRead = keyed(read, (person) => person.id, (person) => panel(person, reviewer));
  const showSilent = keyed(silent, (person) => person.id, silentLine);
  let order = [];

  function seat(participants) {
    order = participants.map((told) => {
      const person = one(told.participant_id);
      const rulings = Object.fromEntries(told.modalities.map((ruling) => [ruling.modality, ruling]));
      return Object.assign(person, { name: told.name ?? person.name, role: told.role, here: told.here, paused: told.paused, rulings });
    });
    if (!read.isConnected) fill(place, read, silent);
  }

  function take(type, envelope) {
    const who = decodeURIComponent((envelope.subject ?? "").replace(/^participants\//, ""));
    if (!who) return;
    const person = one(who);
    if (type === "consent.changed") person.consent[envelope.data.modality] = envelope.data.status;
    else if (type === "signal.sample") sampled(person, envelope.data);
    else {
      const [, name, phase] = type.split(".");
      if (phase === "started") person.events.add(name);
      else person.events.delete(name);
    }
  }

  function show() {
    if (!read.isConnected) return;
    const shown = order.filter((person) => person.here && isRead(person));
    showRead(shown);
    read.classList.toggle("many", shown.length > 2);
    showSilent(order.filter((person) => person.here && !isRead(person)));
    silent.hidden = !silent.children.length;
  }

  return {
    seat, take, show,
    name: (id) => known.get(id)?.name ?? id,
    title: () => gathered(order.filter((person) => person.here).map((person) => person.name)),
    tick: (open) => {
      for (const person of known.values()) person.stale = open && person.sample && performance.now() - person.at > STALE_MS;
      show();
    },
  };
}

/** Whether anything is or was read of somebody in this call, as one person. */
const isRead = (person) => person.sample || READ.some((modality) => alone(person.rulings[modality]) && person.consent[modality] === "given");

const alone = (ruling) => ruling?.allowed && !ruling.duties.includes(GROUP);

function sampled(person, data) {
  person.taxonomy ??= data.taxonomy;
  // The product's own states come first where several taxonomies speak.
  if (data.taxonomy.startsWith("engagement") && person.taxonomy !== data.taxonomy) {
    person.taxonomy = data.taxonomy;
    person.tracked = null;
    person.rows = [];
  }
  if (data.taxonomy !== person.taxonomy) return;
  person.at = performance.now();
  person.stale = false;
  person.sample = data;
  person.tracked ??= data.labels?.engaged ? "engaged" : data.label;
  const value = data.labels?.[person.tracked];
  const t_s = data.window.end_us / 1e6;
  const row = value
    ? { t_s, p: value.probability, low: value.interval[0], high: value.interval[1] }
    : { t_s, p: null, why: data.abstain ? notEnough(null, data.abstain.reason) : t("no clear signal") };
  while (person.rows.length && person.rows.at(-1).t_s >= t_s) person.rows.pop();
  person.rows.push(row);
  while (person.rows[0].t_s < t_s - KEPT_S) person.rows.shift();
}

function silentLine(first) {
  const [words, reason] = [h("strong"), h("span.small")];
  return {
    element: h("li", { dataset: { silent: first.id } }, words, " ", reason),
    show: (person) => {
      const who = { name: apart(person.name), role: term("role", person.role) };
      const grouped = READ.some((modality) => person.rulings[modality]?.duties.includes(GROUP) && person.consent[modality] === "given");
      write(words, grouped ? t("{name} ({role}): not analysed as one person.", who) : t("{name} ({role}): not analysed.", who));
      if (grouped) {
        reason.lang = language;
        return write(reason, t("They count only in groups of ten people or more."));
      }
      const barred = READ.map((modality) => person.rulings[modality]).find((ruling) => ruling && !ruling.allowed);
      const { words: why, lang } = barred ? refusal(barred) : { words: t("They have agreed to nothing."), lang: language };
      reason.lang = lang;
      write(reason, why);
    },
  };
}

/** The state of each modality: `[modality, tone, words]`. */
function chips(person) {
  return READ.map((modality) => {
    const ruling = person.rulings[modality];
    const name = term("modality", modality);
    if (!ruling?.allowed) return [modality, "barred", t("{modality}: not permitted", { modality: name }), refusal(ruling).words];
    const answer = person.consent[modality];
    if (answer !== "given") return [modality, "off", t("{modality}: off, {reason}", { modality: name, reason: ANSWERS[answer]?.() ?? t("not asked yet") })];
    if (person.paused) return [modality, "off", t("{modality}: off, {reason}", { modality: name, reason: t("paused by themselves") })];
    const use = person.sample?.modalities?.[modality];
    if (use && !use.used && use.reason && !person.stale) return [modality, "unclear", t("{modality}: no signal, {reason}", { modality: name, reason: term("reason", use.reason) })];
    return [modality, "on", t("{modality}: on", { modality: name })];
  });
}

const ANSWERS = { refused: () => t("no consent"), withdrawn: () => t("consent taken back"), expired: () => t("consent has run out") };

/** `Voice and words only` where the face is off: what is not read says nothing about anybody. */
function only(states) {
  const on = states.filter(([, tone]) => tone === "on" || tone === "unclear").map(([modality]) => term("sense", modality));
  if (!on.length) return t("Nothing is read of this person.");
  return on.length === READ.length ? "" : t("Read: {modalities} only", { modalities: listed(on) });
}

/** What leads, in words. */
function stateOf(person, states) {
  const data = person.sample;
  if (!states.some(([, tone]) => tone === "on" || tone === "unclear")) return [t("not read"), true];
  if (!data) return [t("no reading yet"), true];
  if (person.stale) return [t("nothing new is coming in"), true];
  if (data.abstain) return [notEnough(null, data.abstain.reason), true];
  if (!data.label) return [t("no clear signal"), true];
  return [estimate(data.label, data.probability, ...data.interval), false];
}

function panel(first, reviewer) {
  const title = h("h3", {}, first.name);
  const role = h("span.quiet");
  const states = h("ul.chips", { "aria-label": t("What is read") });
  const limits = h("p.small.quiet");
  const word = h("p.state-word");
  const events = h("p.chips");
  const span = h("span.band-span");
  const point = h("span.band-point");
  const scale = h("div.scale", { "aria-hidden": "true" },
    h("div.band", {}, span, point),
    h("div.scale-words", {}, h("span", {}, t("little sign of")), h("span", {}, t("possibly")), h("span", {}, t("probably")), h("span", {}, t("very likely"))));
  const curve = h("div");
  const element = h("article.card.person", { id: `person-${first.id}` }, h("header", {}, title, role), states, limits);
  if (reviewer) element.append(word, events, scale, curve);
  let drawn = null;
  let traced = null;
  let said = "";
  let shown = "";

  /** The curve of the state that is followed; which one that is, is known once something could be read. */
  async function draw(person) {
    const tracked = person.tracked;
    if (!tracked) return;
    if (traced !== tracked) {
      traced = tracked;
      drawn = null;
      const made = await chart({
        name: t("Estimate of “{state}” for {name} over the last minutes", { state: term("state", tracked), name: apart(person.name) }),
        tone: `--${tracked}`, height: 168,
        word: (row) => estimate(tracked, row.p, row.low, row.high),
        says: (rows) => sentence(rows, tracked),
      });
      if (traced !== tracked) return;
      drawn = made;
      fill(curve, drawn.element);
    }
    drawn?.set(person.rows);
  }

  function show(person) {
    write(title, person.name);
    write(role, term("role", person.role));
    const now = chips(person);
    const key = JSON.stringify(now);
    if (key !== shown) fill(states, now.map(([modality, tone, words, why]) => h(`li.chip.${tone}`, { dataset: { modality }, title: why }, words)));
    shown = key;
    write(limits, only(now));
    limits.hidden = !limits.textContent;
    if (!reviewer) return;
    const [words, unsure] = stateOf(person, now);
    write(word, words);
    word.classList.toggle("unsure", unsure);
    if (words !== said) say(`${person.name}: ${words}`);
    said = words;
    const names = [...person.events].map((name) => term("event", name)).join(" · ");
    if (events.textContent !== names) fill(events, [...person.events].map((name) => h("span.tag.warn", {}, term("event", name))));
    events.hidden = !names;
    band(person.sample, unsure);
    draw(person);
  }

  function band(data, unsure) {
    scale.hidden = unsure;
    if (unsure) return;
    const [low, high] = data.interval;
    scale.style.setProperty("--tone", `var(--${data.label}, var(--accent))`);
    Object.assign(span.style, { insetInlineStart: `${low * 100}%`, inlineSize: `${(high - low) * 100}%`, opacity: Math.max(0.3, 1 - (high - low)) });
    point.style.insetInlineStart = `${data.probability * 100}%`;
  }

  return { element, show };
}

/** The curve in one sentence. */
function sentence(rows, tracked) {
  const read = rows.filter((row) => row.p !== null);
  if (!read.length) return t("Nothing could be read in this time.");
  const state = term("state", tracked);
  const change = read.at(-1).p - read[0].p;
  const sure = certainty(read.at(-1).low, read.at(-1).high);
  if (Math.abs(change) < 0.15) return t("The estimate of “{state}” has stayed about the same; {certainty}.", { state, certainty: sure });
  return change > 0 ? t("The estimate of “{state}” has risen; {certainty}.", { state, certainty: sure }) : t("The estimate of “{state}” has fallen; {certainty}.", { state, certainty: sure });
}
