// The sound of a kept recording over the time axis of the curves: a wave per track, a sentence and a table. It shows how loud, not who or what.
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { room, svg } from "./review-call_timeline.js";
import { clock, t } from "./words.js";

const HEIGHT = 76;
const STEP_PX = 3;
const FULL = 255;
const HEARD = 0.08 * FULL;
const SHORTEST_S = 1;
const KEYS = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5, PageUp: 30, PageDown: -30, Home: -Infinity, End: Infinity };

/** Lanes `{element, at(seconds)}` for each sound track of the recording that the operator keeps; none where there is none. */
export async function waves(data, seek) {
  if (!data.beside?.media) return [];
  const found = await api(`${data.base}/media/wave`).catch(() => ({ tracks: [] }));
  const alone = found.tracks.length === 1;
  return found.tracks.map((track, index) => wave({
    name: track.name || (alone ? t("Sound") : t("Sound, track {number}", { number: index + 1 })),
    peaks: track.peaks, length_s: found.duration_us / 1e6, data, seek,
  }));
}

function wave({ name, peaks, length_s, data, seek }) {
  const picture = h("div.lane-picture.wave-picture", {
    role: "slider", tabindex: "0", "aria-label": t("Position in the call, over the wave of {track}", { track: name }),
    "aria-valuemin": 0, "aria-valuemax": Math.round(data.duration_s), onkeydown: pressed,
  });
  const ruler = h("div.wave-ruler", { "aria-hidden": "true" });
  const heard = stretches(peaks, length_s, data.duration_s);
  const element = h("figure.lane.wave-lane", { role: "group", "aria-label": t("The wave of {track}", { track: name }) },
    h("figcaption.line-between", {}, h("h3", {}, name), h("span.quiet.small", {}, t("how loud it was, and nothing else"))),
    picture, ruler, h("p.chart-says", {}, sentence(heard)), table(name, heard));
  const [cursor, played] = [svg("line", { class: "lane-cursor", y1: 0, y2: HEIGHT }), svg("rect", { x: 0, y: 0, height: HEIGHT })];
  const clip = `wave-${crypto.randomUUID()}`;
  let [width, place] = [0, 0];

  const x = (seconds) => (Math.min(seconds, data.duration_s) / data.duration_s) * width;

  function paint() {
    width = Math.max(160, room(picture));
    const drawn = bars(peaks, x(length_s));
    fill(picture, svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, height: HEIGHT, class: "lane-drawing", "aria-hidden": "true", onpointerdown: pointed },
      svg("clipPath", { id: clip }, played),
      ...data.people.flatMap((one) => one.episodes).map((one) => svg("rect", { class: "lane-episode", x: x(one.start_s), width: Math.max(3, x(one.end_s ?? data.duration_s) - x(one.start_s)), y: 0, height: HEIGHT })),
      svg("path", { class: "wave-line", d: drawn }), svg("path", { class: "wave-line wave-played", d: drawn, "clip-path": `url(#${clip})` }), cursor));
    fill(ruler, marks(data.duration_s, width).map((seconds) => mark(seconds, x(seconds))));
    at(place);
  }
  function at(seconds) {
    place = seconds;
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, x(seconds).toFixed(1));
    played.setAttribute("width", x(seconds).toFixed(1));
    picture.setAttribute("aria-valuenow", Math.round(seconds));
    picture.setAttribute("aria-valuetext", clock(seconds));
  }
  function pointed(event) {
    const box = event.currentTarget.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * data.duration_s);
  }
  function pressed(event) {
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    seek(Math.min(data.duration_s, Math.max(0, place + KEYS[event.key])));
  }
  new ResizeObserver(() => Math.abs(room(picture) - width) > 1 && paint()).observe(picture);
  return { element, at };
}

/** The wave as strokes around its middle, one for every few pixels. */
function bars(peaks, wide) {
  const count = Math.max(1, Math.min(peaks.length, Math.floor(wide / STEP_PX)));
  const parts = Array.from({ length: count }, (_, bar) => {
    const [from, to] = [Math.floor((bar * peaks.length) / count), Math.ceil(((bar + 1) * peaks.length) / count)];
    const tall = 1 + (Math.max(...peaks.slice(from, to)) / FULL) * (HEIGHT / 2 - 6);
    return `M${(((bar + 0.5) / count) * wide).toFixed(1)} ${(HEIGHT / 2 - tall).toFixed(1)}v${(2 * tall).toFixed(1)}`;
  });
  return parts.join("");
}

/** Where something was heard and where it was quiet; quiet shorter than a second belongs to what is heard around it. */
function stretches(peaks, length_s, duration_s) {
  const found = [];
  const each = length_s / Math.max(1, peaks.length);
  peaks.forEach((peak, index) => {
    const [start_s, end_s] = [index * each, Math.min(duration_s, (index + 1) * each)];
    if (start_s < duration_s) extend(found, { start_s, end_s, loud: peak > HEARD });
  });
  const kept = [];
  for (const one of found) extend(kept, { ...one, loud: one.loud || (found.length > 1 && one.end_s - one.start_s < SHORTEST_S) });
  return kept;
}

/** Add a stretch, or lengthen the last one where it goes on. */
function extend(all, next) {
  const last = all.at(-1);
  if (last?.loud === next.loud) last.end_s = next.end_s;
  else all.push(next);
}

function sentence(found) {
  const [loud, quiet] = [found.filter((one) => one.loud), found.filter((one) => !one.loud)];
  const long = (one) => one.end_s - one.start_s;
  const said = [t("Something is heard for {time}.", { time: clock(loud.reduce((sum, one) => sum + long(one), 0)) })];
  const most = quiet.sort((a, b) => long(b) - long(a))[0];
  if (most) said.push(t("The longest quiet is from {from} to {to}.", { from: clock(most.start_s), to: clock(most.end_s) }));
  return said.join(" ");
}

function table(name, found) {
  const title = t("Where {track} is heard", { track: name });
  const ordered = [...found].sort((a, b) => a.start_s - b.start_s);
  return h("details", {}, h("summary", {}, t("As a table")),
    h("div.scroll", { tabindex: "0", role: "region", "aria-label": title },
      h("table", {}, h("caption", {}, title), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("From")), h("th", { scope: "col" }, t("To")), h("th", { scope: "col" }, t("Sound")))),
        h("tbody", {}, ordered.map((one) => h("tr", {}, h("td", {}, clock(one.start_s)), h("td", {}, clock(one.end_s)), h("td", {}, one.loud ? t("heard") : t("quiet"))))))));
}

/** Round times, so many that their words do not touch. */
function marks(duration_s, width) {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find((one) => duration_s / one <= width / 70) ?? 7200;
  return Array.from({ length: Math.floor(duration_s / step) + 1 }, (_, index) => index * step).filter((one) => one <= duration_s - step / 4 || one === 0);
}

function mark(seconds, left) {
  const made = h("span", {}, clock(seconds));
  made.style.left = `${left.toFixed(1)}px`;
  return made;
}
