// One call on the wall: who, since when, what is read, and, for their reviewer, how people stand.
import { fill, h } from "./dom.js";
import { keyed, write } from "./keyed.js";
import { estimate, likelihood, notEnough, term, trouble } from "./terms.js";
import { gathered, lasting, n, t } from "./words.js";

const MOST = 6;

/** A call by its people, or by its id while nobody is on it. */
export const nameOf = (call) => gathered(call.people) || call.call_id;

/** Of many people those first of whom something can be said, events before everything else; otherwise as they came. */
const foremost = (all) =>
  all.length <= MOST ? all : [...all].sort((a, b) => b.events.length - a.events.length || (b.label !== null) - (a.label !== null)).slice(0, MOST);


/** A card, for `keyed`. */
export function card(first) {
  const title = h("a", { href: `/coach/${first.call_id}` });
  const facts = h("p.quiet.small");
  const tags = h("p.chips");
  const people = h("ul.wall-people");
  const more = h("p.small.quiet");
  const group = h("p.small");
  const reading = h("ul.chips", { "aria-label": t("What is read") });
  const showPeople = keyed(people, (one) => one.participant_id, person);
  const element = h("li.card.wall-card", { dataset: { call: first.call_id } },
    h("div", {}, h("h2", {}, title), facts), tags, h("div", {}, people, more, group), reading);
  const shown = {};

  /** Draw a part anew only where what it shows has changed. */
  function changed(part, value, draw) {
    const key = JSON.stringify(value);
    if (shown[part] !== key) draw();
    shown[part] = key;
  }

  function show(call) {
    const since = (Date.now() - new Date(call.started_at)) / 60000;
    write(facts, [term("purpose", call.purpose), n("{count} person", "{count} people", { count: call.people.length }),
      since < 1 ? t("just begun") : t("for {time}", { time: lasting(since * 60) })].join(" · "));
    if (call === shown.call) return;
    shown.call = call;
    write(title, nameOf(call));
    element.classList.toggle("pressing", call.need >= 0.7);
    element.classList.toggle("worth", call.need >= 0.4 && call.need < 0.7);
    changed("marks", [call.need, call.why, call.problem], () => {
      const found = marks(call);
      fill(tags, found);
      tags.hidden = !found.length;
    });
    showPeople(foremost(call.participants));
    const rest = call.participants.length - MOST;
    more.hidden = rest <= 0;
    write(more, rest > 0 ? n("and {count} more", "and {count} more", { count: rest }) : "");
    write(group, call.group ? grouped(call.group) : "");
    group.hidden = !call.group;
    changed("reading", [call.reading, call.people.length], () => fill(reading, chips(call)));
  }

  return { element, show };
}

function chips({ reading, people }) {
  return Object.entries(reading).map(([modality, count]) => {
    const name = term("modality", modality);
    const words = count ? t("{modality}: {count} of {people}", { modality: name, count, people: people.length }) : t("{modality}: off", { modality: name });
    return h(`li.chip.${count ? "on" : "off"}`, {}, words);
  });
}

function marks(call) {
  const found = call.why.slice(0, 2).map((why) => h("span.tag.warn", {}, why === "not_read" ? t("nobody reads it") : KINDS.has(why) ? term("event", why) : term("state", why)));
  if (call.need >= 0.7) found.unshift(h("span.tag.alert", {}, t("needs somebody")));
  else if (call.need >= 0.4) found.unshift(h("span.tag.warn", {}, t("worth a look")));
  return call.problem ? [...found, h("span.small", {}, trouble(call.problem))] : found;
}

const KINDS = new Set(["engagement_low", "confusion_spike", "frustration_spike"]);

/** What a group shows as a whole, as words. */
function grouped({ size, means }) {
  const leads = Object.entries(means).sort((a, b) => b[1] - a[1])[0];
  const count = { count: size };
  if (!leads) return n("A group of {count} person", "A group of {count} people", count);
  return t("{group}, over five minutes: {likely} {state}", { group: n("A group of {count} person", "A group of {count} people", count), likely: likelihood(leads[1]), state: term("state", leads[0]) });
}

function stateOf(one, sure) {
  if (!one.reading.length) return t("not read");
  if (sure) return estimate(one.label, one.probability, ...one.interval);
  return one.abstain ? notEnough(null, one.abstain) : t("no clear signal");
}

function person() {
  const [name, word, span] = [h("span.who"), h("span.word"), h("span.band-span")];
  const band = h("span.band", { "aria-hidden": "true", hidden: true }, span);
  const element = h("li", {}, name, word, band);
  return {
    element,
    show: (one) => {
      write(name, one.name);
      const sure = one.label !== null && one.interval !== null;
      const events = one.events.length ? ` · ${one.events.map((event) => term("event", event)).join(" · ")}` : "";
      write(word, stateOf(one, sure) + events);
      word.classList.toggle("unsure", !sure);
      band.hidden = !sure;
      if (!sure) return;
      const [low, high] = one.interval;
      span.style.setProperty("--tone", `var(--${one.label}, var(--accent))`);
      Object.assign(span.style, { insetInlineStart: `${low * 100}%`, inlineSize: `${(high - low) * 100}%`, opacity: Math.max(0.35, 1 - (high - low)) });
    },
  };
}
