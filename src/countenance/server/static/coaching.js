// Figures about suggestions: each with its interval and what stands behind it, or the words that there is not enough.
import { api } from "./api.js";
import { playbooks } from "./coaching_playbooks.js";
import { failed, fill, h, say } from "./dom.js";
import { moment, n, number, t } from "./words.js";

const at = (id) => document.getElementById(id);
const share = (value) => number(value, { style: "percent", maximumFractionDigits: 0 });
const seconds = (value) => t("{seconds} s", { seconds: number(value, { maximumFractionDigits: 1 }) });
const plain = (value) => number(value, { maximumFractionDigits: 2 });
const signed = (format) => (value) => (value > 0 ? "+" : "") + format(value);

/** One figure: its name, its value in words, its interval drawn between `from` and `to`, and how much stands behind it. */
function row(name, found, format = share, [from, to] = [0, 1]) {
  const known = found?.value !== null && found?.value !== undefined;
  const behind = [];
  if (known && found.low !== null && found.low !== undefined) behind.push(t("between {low} and {high}", { low: format(found.low), high: format(found.high) }));
  behind.push(n("from {count} case", "from {count} cases", { count: found?.n ?? 0 }));
  return h("div.figure-row", {},
    h("span", {}, name),
    h(known ? "span.value" : "span.value.unsure", {}, known ? format(found.value) : t("not enough data")),
    known && found.low !== null && found.low !== undefined && drawn(found, from, to),
    h("span.behind", {}, behind.join(", ")));
}

/** Whether the log knows of every call of a model. */
function whole({ complete, model_calls_unaccounted: missing }) {
  const said = complete ? t("all of them") : n("{count} is missing", "{count} are missing", { count: missing });
  return h("div.figure-row", {}, h("span", {}, t("Model calls that stand in the log")), h(complete ? "span.value" : "span.value.unsure", {}, said));
}

function drawn({ value, low, high }, from, to) {
  const place = (one) => `${Math.min(100, Math.max(0, ((one - from) / (to - from)) * 100))}%`;
  const [span, point] = [h("span"), h("i")];
  Object.assign(span.style, { insetInlineStart: place(low), insetInlineEnd: `${100 - parseFloat(place(high))}%` });
  point.style.insetInlineStart = place(value);
  return h("span.interval", { "aria-hidden": "true" }, span, point);
}

const card = (title, says, ...rows) => h("section.card.figure-card", {}, h("h2", {}, title), says && h("p.small.quiet", {}, says), h("div.figure-rows", {}, rows));
const count = (value) => ({ value, n: value });

function show(kpis) {
  const { prompts } = kpis;
  fill(at("figures"),
    card(t("Taken up, and then?"), t("Acceptance alone hides the most: what is accepted and not done changes nothing."),
      row(t("Accepted"), kpis.acceptance), row(t("Accepted, but not acted on"), kpis.accepted_not_acted),
      row(t("Seen for a second"), kpis.seen), row(t("Expired"), kpis.expired)),
    card(t("Against those held back"), t("Suggestions that were worked out and shown to nobody."),
      row(t("Followed by the behaviour, shown"), kpis.acted.shown), row(t("Followed by it, held back"), kpis.acted.holdout),
      row(t("Difference"), kpis.acted.difference, signed(share), [-1, 1])),
    card(t("Time to action"), t("Seconds until the behaviour follows; what takes longer than a minute counts as a minute."),
      row(t("Shown"), kpis.time_to_action.shown, seconds, [0, 60]), row(t("Held back"), kpis.time_to_action.holdout, seconds, [0, 60]),
      row(t("Difference"), kpis.time_to_action.difference, signed(seconds), [-60, 60])),
    card(t("Load"), t("Every suggestion costs attention."),
      row(t("Suggestions in an hour of call"), { value: prompts.per_hour, n: prompts.shown }, plain),
      row(t("Shown"), count(prompts.shown), plain), row(t("Held back"), count(prompts.holdout), plain)),
    card(t("Are the readings right?"), t("Against what people themselves and reviewers said; kept only with a yes to that."),
      row(t("Macro F1"), kpis.labels.macro_f1, plain), row(t("Brier score"), kpis.labels.brier, plain)),
    card(t("Can it be relied on?"), null,
      row(t("From sound and picture to the suggestion, P95"), kpis.latency_p95_ms, (value) => t("{ms} ms", { ms: number(value, { maximumFractionDigits: 0 }) })),
      whole(kpis.audit)));
  fill(at("rules"), byRule(kpis.by_rule));
  say(t("Figures since {day}", { day: moment(kpis.since, { dateStyle: "long" }) }));
}

function byRule(rules) {
  if (!rules.length) return h("p.note", {}, t("No suggestion was made in this time."));
  const cell = (found) => h("td", {}, found.value === null ? h("em.quiet", {}, t("not enough data")) : `${share(found.value)} (${share(found.low)} – ${share(found.high)})`);
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": t("Rules and their figures") },
    h("table", {},
      h("thead", {}, h("tr", {}, [t("Rule"), t("Playbook"), t("Shown"), t("Accepted"), t("Overridden")].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rules.map((one) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, one.rule_id)), h("td", {}, one.playbook), h("td", {}, number(one.shown)), cell(one.acceptance), cell(one.override))))));
}

async function look() {
  const asked = new URLSearchParams({ days: at("days").value });
  if (at("playbook").value) asked.set("playbook", at("playbook").value);
  try {
    show(await api(`/v1/coaching/kpis?${asked}`));
    at("problem").hidden = true;
  } catch (problem) {
    fill(at("figures"));
    failed(at("problem"), problem);
  }
}

at("choose").addEventListener("submit", (event) => event.preventDefault());
at("choose").addEventListener("change", look);
look();
playbooks(at("playbook"), at("shown-playbook"), at("words-language"), at("playbook-rules")).catch((problem) => failed(at("problem"), problem));
