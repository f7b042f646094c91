// A running call as its coach sees it: who is read by what, what is estimated, and at most one suggestion.
import { api } from "./api.js";
import { people } from "./coach_people.js";
import { prompts } from "./coach_prompt.js";
import { rules } from "./coach_rules.js";
import { transcript } from "./coach_transcript.js";
import { ownVoice } from "./coach_voice.js";
import { failed, fill, h } from "./dom.js";
import { follow, painted } from "./live.js";
import { term, trouble } from "./terms.js";
import { clock, language, t } from "./words.js";

const root = document.getElementById("coach");
const ASK_MS = 2000;
const ASK_COACHING_MS = 60000;
const call = root.dataset.call;
const reviewer = "reviewer" in root.dataset;
const at = (id) => document.getElementById(id);
const path = `/v1/calls/${call}`;

const panels = people(at("people"), reviewer);
const words = transcript(path, at("words-section"), at("transcript"), panels.name, () => draw());
const showRules = rules(path, at("rules") ?? document.createElement("ul"), at("problem"));
const card = reviewer ? prompts(path, at("prompt"), at("budget"), panels.name, mediaNow, coached) : null;
if (card) ownVoice(path, at("own-voice"), at("own-voice-state"), card.coachSeat);

const LINE = {
  connecting: ["unclear", () => t("Connecting …")],
  open: ["on", () => t("Live")],
  waiting: ["unclear", () => t("Reconnecting …")],
  ended: ["off", () => t("Ended")],
  refused: ["barred", () => t("Not available")],
};

let seen = null;
let state = "";
let paused = false;
let wanted = 0;
let asking = 0;
let started = null;
let media = null;
const waiting = [];

/** How far the call has come, in microseconds; 0 before anything was heard of it. */
function mediaNow() {
  return media ? media.us + (performance.now() - media.at) * 1000 : 0;
}

/** What the service says of the coaching as a whole. */
function coached(table) {
  at("rules-section").hidden = !table.rules.length;
  showRules(table.rules.map((one) => ({ ...one, language: table.language })));
  if (table.playbook) words.begin();
}

function line(next, problem) {
  state = next;
  const [tone, words] = LINE[next];
  at("line").className = `chip ${tone}`;
  at("line").textContent = words();
  at("pause").disabled = next !== "open" && !paused;
  if (next === "waiting") notice(t("The line is down. What is shown is what came last; this page tries again by itself."));
  else if (next === "open" && !paused) notice(null);
  else if (next === "ended") over();
  if (next === "open") {
    look();
    card?.look();
  }
  if (problem) failed(at("problem"), problem);
}

function notice(...said) {
  at("notice").hidden = said[0] === null;
  fill(at("notice"), said);
}

function over() {
  at("pause").disabled = true;
  card?.end();
  notice(t("This call is over."), " ", h("a", { href: `/review/${call}` }, t("Look back at it")));
}

/** Ask for what events do not tell: who is here, what the gate says, and what problem there is. */
async function look() {
  clearTimeout(asking);
  try {
    const found = await api(`${path}?language=${language}`);
    started = found.started_at;
    at("problem").hidden = !found.problem;
    if (found.problem) failed(at("problem"), { message: t("Nobody is read at the moment."), fix: trouble(found.problem) });
    panels.seat(found.participants ?? []);
    at("title").textContent = panels.title() || t("Live call");
    document.title = `${at("title").textContent} · Countenance`;
    draw();
  } catch (problem) {
    if (problem.status !== 0) failed(at("problem"), problem);
  }
  if (state !== "ended" && state !== "refused") asking = setTimeout(look, ASK_MS);
}

function take(envelope) {
  const since = performance.now();
  seen = envelope.sequence;
  const type = envelope.type.replace(/^io\.countenance\.|\.v1$/g, "");
  if (type === "signal.sample" && envelope.data.window.end_us > (media?.us ?? -1)) media = { us: envelope.data.window.end_us, at: since };
  if (type.startsWith("signal.") || type === "consent.changed") panels.take(type, envelope);
  else if (type.startsWith("prompt.")) card?.take(type, envelope);
  if (!paused) waiting.push([since, envelope.sequence]);
  draw();
}

/** Everything that came is drawn once, with the next picture of the screen. */
function draw() {
  if (paused || wanted) return;
  wanted = requestAnimationFrame(() => {
    wanted = 0;
    panels.show();
    words.show();
    card?.show();
    for (const [since, sequence] of waiting.splice(0)) painted(since, { sequence });
  });
}

at("pause").addEventListener("click", () => {
  paused = !paused;
  at("pause").setAttribute("aria-pressed", String(paused));
  at("pause").textContent = paused ? t("Go on") : t("Pause updates");
  card?.freeze(paused);
  notice(paused ? t("Paused. The call is read on; nothing changes here until you go on.") : null);
  draw();
});

setInterval(() => {
  if (started) at("clock").textContent = clock((Date.now() - new Date(started)) / 1000);
  if (!paused) {
    panels.tick(state === "open");
    card?.show();
  }
}, 1000);

setInterval(() => state === "open" && !document.hidden && card?.look(), ASK_COACHING_MS);

at("purpose").textContent = term("purpose", at("purpose").dataset.purpose);
await look();  // names come before what is said of anybody
follow(`${path}/events`, {
  check: path,
  query: () => ({ after: seen ?? "0", samples: reviewer ? "true" : null }),
  onMessage: take,
  onState: line,
});
