// One call after it is over: curves, events, words and media move together.
import { failed, fill, h, say } from "./dom.js";
import { load, states } from "./review-call_data.js";
import { drafts } from "./review-call_drafts.js";
import { asCsv, asJson, asPdf, save } from "./review-call_export.js";
import { player } from "./review-call_media.js";
import { comments, labelling, scorecard } from "./review-call_notes.js";
import { talk } from "./review-call_talk.js";
import { lane } from "./review-call_timeline.js";
import { waves } from "./review-call_wave.js";
import { estimate, feature, term } from "./terms.js";
import { clock, listed, moment, n, t } from "./words.js";

const byId = (id) => document.getElementById(id);
const callId = byId("review").dataset.call;

function head(data) {
  byId("title").textContent = t("Call of {when}", { when: moment(data.call.started_at, { dateStyle: "long" }) });
  const people = n("{count} person", "{count} people", { count: data.people.length });
  byId("about").textContent = [term("purpose", data.call.purpose), moment(data.call.started_at, { timeStyle: "short" }), clock(data.duration_s), people].join(" · ");
  const gone = data.beside?.erased ?? [];
  byId("gone").hidden = !gone.length;
  fill(byId("gone"), gone.map((one) => h("p", {}, t("Somebody's data was erased from this call on {when}. Nothing brings it back; entry {seq} of the log and receipt {id} say so.", { when: moment(one.at), seq: one.seq, id: one.erasure_id }))));
}

function chooser(data, lanes) {
  const all = states(data.people);
  const select = byId("state");
  fill(select, all.map((one, index) => h("option", { value: index }, term("state", one.name))));
  select.closest("label").hidden = !all.length;
  const first = data.people.flatMap((one) => one.episodes)[0]?.label ?? "engaged";
  select.value = String(Math.max(0, all.findIndex((one) => one.name === first)));
  const show = () => lanes.forEach((one) => one.show(all[Number(select.value)] ?? { taxonomy: "", name: "engaged" }));
  select.addEventListener("change", show);
  show();
  return all;
}

function events(data, all, go) {
  const names = new Map(data.people.map((one) => [one.id, one.name]));
  const found = data.people.flatMap((one) => one.episodes).sort((a, b) => a.start_s - b.start_s);
  byId("no-events").hidden = found.length > 0;
  fill(byId("events"), found.map((one) => {
    const known = all.find((state) => state.name === one.label);
    const sure = one.p === null ? term("state", one.label) : estimate(one.label, one.p, ...one.interval);
    const why = listed(one.evidence.slice(0, 3).map((each) => feature(each.feature)));
    return h("li", {},
      h("button.event-button", { type: "button", dataset: { at: one.start_s }, onclick: () => go(one.start_s, true) },
        h("span.number", {}, `${clock(one.start_s)}–${one.end_s === null ? t("end") : clock(one.end_s)}`), h("strong", {}, term("event", one.name)), h("span.quiet", {}, names.get(one.who) ?? "")),
      h("p.small", {}, sure, why ? h("span.quiet", {}, " · ", t("measured: {features}", { features: why })) : null),
      labelling(data, { ...one, taxonomy: known?.taxonomy }, all.filter((state) => state.taxonomy === known?.taxonomy).map((state) => state.name)));
  }));
}

function words(data, go) {
  const names = new Map(data.people.map((one) => [one.id, one.name]));
  byId("words-note").textContent = data.beside?.transcript_kept
    ? t("Words are remembered for ten minutes after the call and stored nowhere.")
    : t("The words of this call are gone: people were told that they are measured and not kept.");
  const rows = data.lines.map((one) => h("li", { tabindex: "-1" },
    h("button.time-button", { type: "button", onclick: () => go(one.start_s, false) }, clock(one.start_s)),
    h("p", {}, h("strong", {}, names.get(one.participant_id) ?? ""), " ", one.text || h("em.quiet", {}, t("taken back by this person")))));
  fill(byId("lines"), rows);
  return rows;
}

/** The row that is said at a time, or was said last before it. */
function rowAt(data, rows, seconds) {
  const after = data.lines.findIndex((one) => one.start_s > seconds + 0.001);
  return rows[after === -1 ? rows.length - 1 : Math.max(0, after - 1)] ?? null;
}

async function pdf(data) {
  const button = byId("save-pdf");
  button.disabled = true;
  byId("save-failure").hidden = true;
  say(t("The PDF is being made."));
  try {
    save(`review-${data.call.started_at.slice(0, 10)}.pdf`, "application/pdf", await asPdf(data));
  } catch (problem) {
    failed(byId("save-failure"), problem);
  }
  button.disabled = false;
}

async function main() {
  const data = await load(callId);
  head(data);
  byId("whole").hidden = byId("player").hidden = false;
  let rows = [];
  let lanes = [];
  const moved = (seconds) => {
    lanes.forEach((one) => one.at(seconds));
    byId("comment-at").textContent = clock(seconds);
    const now = rowAt(data, rows, seconds);
    for (const row of rows) row === now ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current");
  };
  const playing = await player(data, moved);
  function go(seconds, focus) {
    playing.seek(seconds);
    say(t("Now at {time}", { time: clock(seconds) }));
    if (focus) rowAt(data, rows, seconds)?.focus();
  }
  const readings = data.people.map((one) => lane(one, data.duration_s, (seconds) => go(seconds, false)));
  lanes = readings;
  fill(byId("curves"), lanes.map((one) => one.element));
  const all = chooser(data, readings);
  rows = words(data, go);
  events(data, all, go);
  fill(byId("talk"), talk(data));
  comments(data, playing.now, (seconds) => go(seconds, true));
  const [sound] = await Promise.all([waves(data, (seconds) => go(seconds, false)), scorecard(data), drafts(data)]);
  byId("curves").prepend(...sound.map((one) => one.element));
  lanes = [...sound, ...readings];
  moved(playing.now());
  for (const id of ["save-json", "save-csv", "save-pdf", "print"]) byId(id).disabled = false;
  byId("save-json").addEventListener("click", () => save(`${callId}.json`, "application/json", asJson(data)));
  byId("save-csv").addEventListener("click", () => save(`${callId}.csv`, "text/csv", asCsv(data)));
  byId("save-pdf").addEventListener("click", () => pdf(data));
  byId("print").addEventListener("click", () => print());
}

main().catch((problem) => {
  byId("title").textContent = t("This call cannot be shown");
  failed(byId("failure"), problem);
  byId("player").hidden = byId("whole").hidden = true;
  if (!("status" in problem)) throw problem;
});
