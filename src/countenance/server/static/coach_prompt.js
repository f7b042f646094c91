// At most one suggestion, never after its time: reason, words, why, and what the coach makes of it.
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { write } from "./keyed.js";
import { feature, likelihood, term } from "./terms.js";
import { n, number, t } from "./words.js";

const KEYS = { a: "accepted", d: "dismissed", s: "snoozed" };
const SEEN_MS = 1000;
const ANSWERED_MS = 4000;

/**
 * The card in `place`, what is left of the budget in `line`; `path`: of the call; `mediaNow()`: how far the call has come.
 * `onTable`: told everything that the service said.
 * An event only says that there is something to ask for: what may be shown now, the service says.
 */
export function prompts(path, place, line, nameOf, mediaNow, onTable) {
  const over = new Set();
  let table = null;
  let current = null;
  let shown = "";
  let frozen = false;
  let answered = null;
  let bar = null;
  let stopSeeing = () => {};

  const left = () => Math.min(current.until - performance.now(), (current.expires_us - mediaNow()) / 1000);
  const live = () => current && !over.has(current.prompt_id) && left() > 0;

  function take(type, { data }) {
    if (type === "prompt.resolved") over.add(data.prompt_id);
    look();
  }

  /** Ask where the coaching stands; each time somebody looks stands in the log, so only when there is a reason. */
  async function look() {
    try {
      table = await api(`${path}/coaching`);
    } catch {
      return; // the line says that the service is away
    }
    onTable(table);
    const prompt = table.prompt;
    if (prompt && prompt.prompt_id !== current?.prompt_id && !over.has(prompt.prompt_id)) {
      const gone = Math.max(0, mediaNow() - prompt.window.end_us);
      current = { ...prompt, until: performance.now() + (prompt.expires_us - prompt.window.end_us - gone) / 1000 };
      answered = null;
    }
    show();
  }

  async function act(action) {
    const prompt = current;
    if (!live()) return;
    over.add(prompt.prompt_id);
    answered = { words: SAID[action](), until: performance.now() + ANSWERED_MS };
    show();
    try {
      await tell(prompt, action);
      look();
    } catch (problem) {
      answered = { words: `${problem.message} ${problem.fix}`, until: performance.now() + 2 * ANSWERED_MS };
      show();
    }
  }

  function show() {
    if (frozen) return;
    status();
    const name = live() ? current.prompt_id : answered && performance.now() < answered.until ? answered.words : "";
    if (name !== shown || !place.firstChild) {
      shown = name;
      stopSeeing();
      bar = null;
      fill(place, live() ? card(current) : h(name ? "p" : "p.quiet", {}, name || t("No suggestion now.")));
    }
    if (bar && live()) bar.style.inlineSize = `${(left() / span(current)) * 100}%`;
  }

  function status() {
    if (!table) return;
    if (!table.playbook) write(line, t("No playbook is set for this call, so nothing is suggested."));
    else if (table.quiet) write(line, t("Quiet hours: nothing is suggested now."));
    else write(line, [
      n("{count} suggestion left this hour", "{count} suggestions left this hour", { count: table.budget.left }),
      table.coach_speaking === "unknown" ? t("Whether you are speaking is not known, so one may come while you do.") : "",
    ].filter(Boolean).join(". "));
  }

  function card(prompt) {
    bar = h("span");
    const button = (words, key, action, kind) => h(kind, { type: "button", "aria-keyshortcuts": key, onclick: () => act(action) }, words, " ", h("kbd", { "aria-hidden": "true" }, key));
    const who = prompt.subject?.participant_id;
    const element = h("article.prompt", { dataset: { prompt: prompt.prompt_id } },
      h("p.prompt-reason", { lang: prompt.language }, prompt.reason),
      h("p.prompt-text", { lang: prompt.language }, prompt.text),
      h("div.prompt-left", { "aria-hidden": "true" }, bar),
      h("div.prompt-actions", {},
        button(t("Accept"), "A", "accepted", "button.main-button"),
        button(t("Dismiss"), "D", "dismissed", "button"),
        button(t("Not in this call"), "S", "snoozed", "button")),
      h("details", {}, h("summary", {}, t("Why this")),
        h("ul.why", {}, prompt.why.slice(0, 3).map((one) => h("li", {}, featured(one)))),
        prompt.coach_speaking === "unknown" && h("p.small.quiet", {}, t("Whether you were speaking was not known.")),
        who && h("p", {}, h("a", { href: `#person-${who}` }, t("Evidence: the readings of {name}", { name: nameOf(who) })))));
    stopSeeing = seen(element, () => tell(prompt, "seen").catch(() => null));
    return element;
  }

  const tell = (prompt, action) => api(`${path}/prompts/${prompt.prompt_id}`, { method: "POST", body: { action } });

  document.addEventListener("keydown", (event) => {
    const action = KEYS[event.key.toLowerCase()];
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (!action || frozen || typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || !live()) return;
    event.preventDefault();
    act(action);
  });

  return {
    take, look, show,
    freeze: (paused) => { frozen = paused; },
    end: () => { current = null; show(); },
    coachSeat: () => table?.sides?.find((one) => one.side === "coach")?.participant_id,
  };
}

const SAID = { accepted: () => t("Accepted."), dismissed: () => t("Dismissed."), snoozed: () => t("This suggestion will not come again in this call.") };

const span = (prompt) => Math.max(1000, (prompt.expires_us - prompt.window.end_us) / 1000);

/** What was measured, in words; an estimate is never a bare number. */
function featured({ feature: name, words, value }) {
  const [kind, state] = name.split(".");
  const called = feature(name, words);
  if (kind === "estimate" || kind === "before") return t("{feature}: {likely} {state}", { feature: called, likely: likelihood(value), state: term("state", state) });
  return t("{feature}: {value}", { feature: called, value: number(value, { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 }) });
}

/** Call `tell` once an element has been in sight for a second; returns what stops that. */
function seen(element, tell) {
  let timer = 0;
  let inSight = false;
  const weigh = () => {
    clearTimeout(timer);
    if (inSight && !document.hidden) timer = setTimeout(() => { stop(); tell(); }, SEEN_MS);
  };
  const watch = new IntersectionObserver(([entry]) => { inSight = entry.isIntersecting; weigh(); }, { threshold: 0.5 });
  const stop = () => {
    clearTimeout(timer);
    watch.disconnect();
    document.removeEventListener("visibilitychange", weigh);
  };
  watch.observe(element);
  document.addEventListener("visibilitychange", weigh);
  return stop;
}
