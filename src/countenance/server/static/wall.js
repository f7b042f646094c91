// Every running call at one glance. What comes is kept at once and drawn with the next picture; the order changes calmly.
import { failed, fill, say } from "./dom.js";
import { keyed, write } from "./keyed.js";
import { follow, painted } from "./live.js";
import { term } from "./terms.js";
import { card } from "./wall_card.js";
import { n, t } from "./words.js";

const ORDER_MS = 3000;
const NEED = 0.4;
const at = (id) => document.getElementById(id);
const calls = new Map();
const show = keyed(at("calls"), (call) => call.call_id, card);
const chosen = { find: "", purpose: "", which: "", form: localStorage.getItem("countenance.wall.form") ?? "cards" };

let known = false;
let paused = false;
let wanted = 0;
let order = [];
let orderedAt = -Infinity;
let waiting = [];

const LINE = {
  connecting: ["unclear", () => t("Connecting …")], open: ["on", () => t("Live")], waiting: ["unclear", () => t("Reconnecting …")],
  ended: ["off", () => t("Ended")], refused: ["barred", () => t("Not available")],
};

function line(state, problem) {
  const [tone, words] = LINE[state];
  at("line").className = `chip ${tone}`;
  write(at("line"), words());
  at("pause").disabled = state !== "open" && !paused;
  if (state === "waiting") notice(t("The line is down. What is shown is what came last; this page tries again by itself."));
  else if (state === "open" && !paused) notice("");
  // A line that is new tells everything again.
  if (state === "connecting") known = false;
  if (problem) failed(at("problem"), problem);
}

function notice(words) {
  at("notice").hidden = !words;
  fill(at("notice"), words);
}

function take(view) {
  if (!known) calls.clear();
  known = true;
  for (const call of view.calls) calls.set(call.call_id, call);
  for (const name of view.gone) calls.delete(name);
  if (!paused) waiting.push(performance.now());
  draw();
}

function draw() {
  if (paused || wanted || !known) return;
  wanted = requestAnimationFrame(() => {
    wanted = 0;
    const found = ordered().map((name) => calls.get(name)).filter(fits);
    show(found);
    purposes();
    at("none").hidden = calls.size > 0;
    const pressing = [...calls.values()].filter((call) => call.need >= NEED).length;
    const said = n("{count} call is shown", "{count} calls are shown", { count: found.length }) + "; " +
      n("{count} needs somebody", "{count} need somebody", { count: pressing });
    if (at("count").textContent !== said) say(said);
    write(at("count"), said);
    for (const since of waiting.splice(0)) painted(since, { calls: found.length });
  });
}

/** By need, then by age; what is new comes in at once, everything else moves every few seconds at most. */
function ordered() {
  const now = performance.now();
  if (now - orderedAt > ORDER_MS || order.some((name) => !calls.has(name)) || order.length !== calls.size) {
    order = [...calls.values()].sort((a, b) => b.need - a.need || a.started_at.localeCompare(b.started_at) || a.call_id.localeCompare(b.call_id)).map((call) => call.call_id);
    orderedAt = now;
  }
  return order;
}

function fits(call) {
  if (chosen.purpose && call.purpose !== chosen.purpose) return false;
  if (chosen.which === "need" && call.need < NEED) return false;
  if (chosen.which === "not_read" && !call.problem) return false;
  return !chosen.find || `${call.people.join(" ")} ${call.call_id}`.toLowerCase().includes(chosen.find);
}

function purposes() {
  const present = new Set([...calls.values()].map((call) => call.purpose));
  for (const option of at("purpose").options) present.delete(option.value);
  for (const name of present) at("purpose").append(new Option(term("purpose", name), name));
}

at("pause").addEventListener("click", () => {
  paused = !paused;
  at("pause").setAttribute("aria-pressed", String(paused));
  at("pause").textContent = paused ? t("Go on") : t("Pause updates");
  notice(paused ? t("Paused. Calls go on; nothing changes here until you go on.") : "");
  orderedAt = -Infinity;
  draw();
});

function choose() {
  at("calls").className = `cards wall-cards ${chosen.form}`;
  draw();
}

at("filter").addEventListener("submit", (event) => event.preventDefault());
at("filter").addEventListener("input", (event) => {
  chosen[event.target.id] = event.target.id === "find" ? event.target.value.trim().toLowerCase() : event.target.value;
  if (event.target.id === "form") localStorage.setItem("countenance.wall.form", chosen.form);
  choose();
});

at("form").value = chosen.form;
choose();
setInterval(draw, 1000);
follow("/v1/wall", { protocol: "wall.json", check: "/v1/calls?state=live", onMessage: take, onState: line });
