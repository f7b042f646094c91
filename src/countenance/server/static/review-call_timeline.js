// One person's curve with its band, drawn as SVG so that it prints; gaps are hatched, and a table says the same.
import { h } from "./dom.js";
import { gaps, rows } from "./review-call_data.js";
import { estimate, notEnough, refusal, term } from "./terms.js";
import { clock, t } from "./words.js";

const NS = "http://www.w3.org/2000/svg";
const HEIGHT = 132;
const LEVELS = [[0.75, t("very likely")], [0.55, t("probably")], [0.35, t("possibly")]];

/** A part of a drawing. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) key.startsWith("on") ? made.addEventListener(key.slice(2), value) : made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** A lane: `element`, `show(state)`, `at(seconds)`. `seek(seconds)` is called where somebody points. */
export function lane(person, duration_s, seek) {
  const picture = h("div.lane-picture", {});
  const says = h("p.chart-says");
  const body = h("tbody");
  const cursor = svg("line", { class: "lane-cursor", y1: 0, y2: HEIGHT });
  const name = t("Estimates of {name} over the call", { name: person.name });
  const table = h("details", {}, h("summary", {}, t("As a table")),
    h("div.scroll", { tabindex: "0", role: "region", "aria-label": name },
      h("table", {}, h("caption", {}, name), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("From")), h("th", { scope: "col" }, t("To")), h("th", { scope: "col" }, t("What it says")))), body)));
  const element = h("figure.lane", { role: "group", "aria-label": name },
    h("figcaption.line-between", {}, h("h3", {}, person.name), h("ul.chips", {}, modalities(person))),
    person.samples.length ? picture : h("p.note", {}, unread(person)), says, table);
  table.hidden = says.hidden = !person.samples.length;
  let [state, width, place] = [null, 0, 0];

  const x = (at_s) => (at_s / duration_s) * width;
  const y = (p) => HEIGHT - 6 - p * (HEIGHT - 12);

  function paint() {
    width = Math.max(160, room(picture));
    const found = rows(person, state);
    const hatch = `hatch-${person.id}`;
    const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, class: `lane-drawing tone-${state.name}`, "aria-hidden": "true" },
      svg("defs", {}, svg("pattern", { id: hatch, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("line", { x1: 0, x2: 0, y1: 0, y2: 7, class: "lane-hatch" }))),
      ...LEVELS.map(([p]) => svg("line", { class: "lane-rule", x1: 0, x2: width, y1: y(p), y2: y(p) })),
      ...person.episodes.map((one) => svg("rect", { class: "lane-episode", x: x(one.start_s), width: Math.max(3, x((one.end_s ?? duration_s) - one.start_s)), y: 0, height: HEIGHT })),
      ...gaps(found).map((one) => gap(one, hatch)), ...runs(found).flatMap(run), cursor);
    drawing.addEventListener("pointerdown", (event) => {
      const box = drawing.getBoundingClientRect();
      seek(((event.clientX - box.left) / box.width) * duration_s);
    });
    picture.replaceChildren(drawing, h("div.lane-levels", { "aria-hidden": "true" }, LEVELS.map(([p, word]) => level(p, word))));
    says.textContent = sentence(found, state);
    body.replaceChildren(...stretches(found, state).map((one) => h("tr", {}, h("td", {}, clock(one.start_s)), h("td", {}, clock(one.end_s)), h("td", {}, one.words))));
    at(place);
  }

  function gap(one, hatch) {
    const made = svg("rect", { x: x(one.start_s), width: x(one.end_s - one.start_s), y: 0, height: HEIGHT, fill: `url(#${hatch})` });
    made.append(svg("title"));
    made.firstChild.textContent = one.why;
    return made;
  }

  function run(points) {
    const middle = (one) => x((one.start_s + one.end_s) / 2);
    const edge = (key) => points.map((one) => `${middle(one).toFixed(1)},${y(one[key]).toFixed(1)}`);
    return [
      svg("polygon", { class: "lane-band", points: [...edge("high"), ...edge("low").reverse()].join(" ") }),
      svg("polyline", { class: "lane-line", points: edge("p").join(" ") }),
    ];
  }

  function at(seconds) {
    place = seconds;
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, x(seconds).toFixed(1));
  }

  const watched = new ResizeObserver(() => state && Math.abs(room(picture) - width) > 1 && paint());
  watched.observe(picture);
  return { element, at, show: (next) => { state = next; if (person.samples.length) paint(); } };
}

/** How wide a drawing may be: the words beside it have room of their own. */
export const room = (picture) => picture.clientWidth - Number.parseFloat(getComputedStyle(picture).paddingInlineEnd);

function level(p, word) {
  const made = h("span", {}, word);
  made.style.insetBlockStart = `${(HEIGHT - 6 - p * (HEIGHT - 12)).toFixed(0)}px`;
  return made;
}

/** Unbroken stretches of readings. */
function runs(found) {
  const all = [];
  for (const [index, row] of found.entries()) {
    if (row.p === null) continue;
    if (index && found[index - 1].p !== null) all.at(-1).push(row);
    else all.push([row]);
  }
  return all;
}

/** Stretches over which the words for a value stay the same. */
function stretches(found, state) {
  const joined = [];
  for (const row of found) {
    const words = row.p === null ? t("not sure: {reason}", { reason: row.why }) : estimate(state.name, row.p, row.low, row.high);
    const last = joined.at(-1);
    if (last && last.words === words) last.end_s = row.end_s;
    else joined.push({ start_s: row.start_s, end_s: row.end_s, words });
  }
  return joined;
}

function sentence(found, state) {
  const read = found.filter((row) => row.p !== null);
  const high = read.filter((row) => row.p >= 0.55);
  const time = (all) => clock(all.reduce((sum, row) => sum + row.end_s - row.start_s, 0));
  const missing = gaps(found);
  const parts = [high.length
    ? t("Probably {state} or more for {time} of {all} that could be read.", { state: term("state", state.name), time: time(high), all: time(read) })
    : t("Never probably {state} in the {all} that could be read.", { state: term("state", state.name), all: time(read) })];
  if (missing.length) parts.push(t("Not sure from {from} to {to}: {reason}.", { from: clock(missing[0].start_s), to: clock(missing[0].end_s), reason: missing[0].why }));
  return parts.join(" ");
}

function modalities(person) {
  return person.modalities.filter((one) => one.modality !== "telemetry").map((one) => {
    const used = person.samples.some((sample) => sample.modalities?.[one.modality]?.used);
    const kind = used ? "on" : one.allowed ? "off" : "barred";
    return h(`li.chip.${kind}`, { title: kind === "barred" && refusal(one).words }, term("modality", one.modality), kind === "barred" ? h("span.quiet", {}, t("not permitted")) : kind === "off" ? h("span.quiet", {}, t("not read")) : null);
  });
}

function unread(person) {
  if (person.items === null) return t("What was read of this person is not for you: the ruling names another reviewer, or nobody.");
  const refused = person.modalities.filter((one) => !one.allowed && one.modality !== "telemetry");
  if (refused.length && refused.length === person.modalities.filter((one) => one.modality !== "telemetry").length) {
    const { words, citation } = refusal(refused[0]);
    return t("Not analysed: {reason}", { reason: citation ? `${words} (${citation})` : words });
  }
  return notEnough(null, "no_consent");
}
