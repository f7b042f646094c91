// A line with its band over time: uPlot draws it, a table and a sentence say the same to whoever cannot see it.
import { fill, h } from "./dom.js";
import { clock, t } from "./words.js";

let drawing;

/** uPlot, or null where this installation was made without the parts that npm brings. */
async function plotter() {
  drawing ??= import("./vendor/uPlot.esm.js").then((found) => found.default, () => null);
  return drawing;
}

const paper = document.createElement("canvas").getContext("2d");

const NARROW_PX = 420;
const WHOLE_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Room for the words beside a chart. */
function wide(words, font) {
  paper.font = font;
  return 20 + Math.max(0, ...words.map((one) => paper.measureText(one).width));
}

/** Where there is no room beside a chart, its words stand in it, each on the line from which it holds. */
function within(steps, words) {
  return (u) => {
    u.ctx.save();
    u.ctx.font = `${11 * devicePixelRatio}px ${colour("--sans")}`;
    u.ctx.fillStyle = colour("--quiet");
    u.ctx.strokeStyle = colour("--sheet");
    u.ctx.lineJoin = "round";
    u.ctx.lineWidth = 3 * devicePixelRatio;
    Object.assign(u.ctx, { textAlign: "left", textBaseline: "bottom" });
    words.forEach((word, at) => {
      const place = [word, u.bbox.left + 4 * devicePixelRatio, u.valToPos(steps[at], "y", true) - devicePixelRatio];
      u.ctx.strokeText(...place);
      u.ctx.fillText(...place);
    });
    u.ctx.restore();
  };
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * A chart of one value between 0 and 1 with its band.
 * `name`: what it shows; `says(rows)`: one sentence about it; `word(row)`: a row in words for the table; `tone`: a CSS variable.
 * `set(rows)` takes rows `{t_s, p, low, high, why}`; p is null where there is a gap, and `why` says the reason.
 */
export async function chart({ name, says, word, tone = "--accent", height = 180, sync = null, onSeek = null }) {
  const drawn = h("div.chart-drawing", { "aria-hidden": "true" });
  const sentence = h("p.chart-says");
  const body = h("tbody");
  const table = h("details", {},
    h("summary", {}, t("As a table")),
    h("div.scroll", { tabindex: "0", role: "region", "aria-label": name },
      h("table", {}, h("caption", {}, name), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("Time")), h("th", { scope: "col" }, t("What it says")))), body)));
  const title = h("p.chart-name", { "aria-hidden": "true" }, name);
  drawn.style.blockSize = `${height}px`;
  const element = h("figure.chart", { role: "group", "aria-label": name }, title, drawn, h("figcaption", {}, sentence), table);
  const Plot = await plotter();
  let plot = null;
  let rows = [];

  function options(width) {
    const [ink, rule] = [colour("--quiet"), colour("--rule")];
    const [line, lane] = [colour(tone), colour("--lane")];
    const axis = { stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1 }, font: `12px ${colour("--sans")}` };
    const hidden = { points: { show: false }, stroke: "transparent", spanGaps: false };
    const [steps, words] = [[0, 0.35, 0.55, 0.75, 1], ["", t("possibly"), t("probably"), t("very likely"), ""]];
    const beside = { ...axis, size: (_, shown) => wide(shown ?? [], axis.font), splits: () => steps, values: () => words };
    const inside = { ...axis, size: 16, splits: () => steps, values: () => words.map(() => ""), ticks: { show: false } };
    const hooks = width < NARROW_PX ? { draw: [within(steps, words)] } : {};
    if (onSeek) hooks.ready = [(u) => u.over.addEventListener("click", () => u.cursor.idx != null && onSeek(rows[u.cursor.idx].t_s))];
    return {
      width, height, legend: { show: false }, cursor: { sync: sync ? { key: sync } : undefined, y: false, drag: { x: false } },
      scales: { x: { time: false }, y: { range: [0, 1] } },
      axes: [
        { ...axis, incrs: WHOLE_SECONDS, space: 60, size: 32, values: (_, at) => at.map(clock) },
        width < NARROW_PX ? inside : beside,
      ],
      bands: [{ series: [2, 1], fill: `color-mix(in srgb, ${line} 22%, ${lane})` }],
      // The line comes last, so that its band does not lie over it.
      series: [{}, hidden, hidden, { stroke: line, width: 2.25, points: { show: false }, spanGaps: false }],
      hooks,
    };
  }

  function paint() {
    const columns = ["t_s", "low", "high", "p"].map((key) => rows.map((row) => row[key] ?? null));
    if (Plot && drawn.isConnected && drawn.clientWidth) {
      plot ??= new Plot(options(drawn.clientWidth), columns, drawn);
      plot.setData(columns);
    }
    drawn.hidden = !Plot;
    sentence.textContent = says(rows);
    if (table.open) list();
  }

  function list() {
    fill(body, rows.slice(-600).map((row) => h("tr", {}, h("td", {}, clock(row.t_s)), h("td", {}, row.p == null ? row.why ?? "" : word(row)))));
  }

  table.addEventListener("toggle", list);
  new ResizeObserver(() => {
    if (!plot) return;
    const width = drawn.clientWidth;
    // The words move when the room for them changes.
    if (width < NARROW_PX === plot.width < NARROW_PX) plot.setSize({ width, height });
    else anew();
  }).observe(drawn);

  function anew() {
    plot?.destroy();
    plot = null;
    paint();
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", anew);
  return { element, set: (next) => { rows = next; paint(); } };
}
