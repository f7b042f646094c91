// My signals as a panel: what is on and why not, the three verbs, and one's own curve before anybody else's.
import { chart } from "./chart.js";
import { doing, fill, h } from "./dom.js";
import { badge } from "./seat_badge.js";
import { erasing } from "./seat_erase.js";
import { history } from "./seat_history.js";
import { switches } from "./seat_switches.js";
import { wrong } from "./seat_wrong.js";
import { certainty, estimate, likelihood, term, trouble } from "./terms.js";
import { t } from "./words.js";

/** Fill an element with the panel of a seat; resolves when it stands. */
export async function panel(element, seat) {
  const failure = h("p.failure", { role: "alert", hidden: true });
  const does = doing(failure);
  const list = switches(seat, does);
  const verbs = h("div.verbs");
  const after = h("div.stack", { hidden: true });
  const line = h("p.quiet.small", { hidden: true });
  const word = h("p.state-word");
  const drawn = await chart({
    name: t("My engagement estimate"), tone: "--engaged", height: 150,
    says: (rows) => sentence(rows),
    word: (row) => `${likelihood(row.p)}, ${certainty(row.low, row.high)}`,
  });
  const paused = h("button.quiet-button", { type: "button", "aria-pressed": "false", onclick: () => freeze() }, t("Pause updates"));
  let frozen = false;

  function freeze() {
    frozen = !frozen;
    paused.setAttribute("aria-pressed", String(frozen));
    paused.textContent = frozen ? t("Resume updates") : t("Pause updates");
    if (!frozen) sample();
  }

  function verb(name, says, work, kind = "button") {
    const button = h(kind, { type: "button", onclick: () => does(button, work) }, name);
    return h("div.verb", {}, button, h("p.quiet.small", {}, says));
  }

  function change() {
    list.paint();
    own.hidden = seat.erased;
    const here = document.activeElement?.closest?.("[data-verb]")?.dataset.verb;
    const on = seat.given.length > 0;
    fill(verbs, seat.erased ? [] : [
      on && !seat.paused && verb(t("Pause"), t("Nothing is read until you go on. Your answers stay as they are."), () => seat.pause(true)),
      seat.paused && verb(t("Go on"), t("What you said yes to is read again."), () => seat.pause(false), "button.main-button"),
      on && verb(t("Stop"), t("Nothing more is read. What was read is kept as the notice says."), () => seat.stop(), "button.stop-button"),
      !on && h("div.verb", {}, h("a.button", { href: `/join/${seat.call}?me=${seat.participant}` }, t("Turn on what you want")), h("p.quiet.small", {}, t("Nothing begins by itself."))),
      verb(t("Stop and delete"), t("Nothing more is read, and everything read so far is destroyed. You get a signed receipt."), async () => erasing(seat, after, does), "button.stop-button"),
    ]);
    [...verbs.children].forEach((one, at) => (one.dataset.verb = at));
    if (here !== undefined) (verbs.children[here] ?? verbs.children[0])?.querySelector("button, a")?.focus();
    sample();
  }

  function sample() {
    const holds = seat.line === "open" || seat.line === "connecting";
    line.hidden = holds && !seat.problem;
    if (holds && seat.problem) line.textContent = `${t("Nobody is read at the moment.")} ${trouble(seat.problem)}`;
    else line.textContent = seat.line === "ended" ? t("The call is over.") : t("The line broke; it is taken up again by itself. Your answers hold meanwhile.");
    if (frozen) return;
    const [says, sure] = shown(seat);
    word.textContent = says;
    word.classList.toggle("unsure", !sure);
    drawn.set(seat.rows);
    list.paint();
  }

  seat.addEventListener("change", change);
  seat.addEventListener("sample", sample);
  seat.addEventListener("line", sample);
  const own = h("section.own", { "aria-labelledby": "own-title" },
    h("div.line-between", {}, h("h2", { id: "own-title" }, t("Seen by you first")), paused), word, wrong(seat), drawn.element);
  fill(element, badge(seat), failure, after, line, list.element, verbs, own, history(seat));
  change();
}

/** What the last sample says, and whether it says anything. */
function shown(seat) {
  const data = seat.last;
  if (seat.paused || seat.problem || seat.on.length === 0) return [t("Nothing is read now."), false];
  if (!data) return [t("Nothing was read yet."), false];
  if (data.abstain) return [t("Not enough signal: {cause}", { cause: term("reason", data.abstain.reason) }), false];
  if (data.label === null) return [t("No state stands out."), false];
  return [estimate(data.label, data.probability, ...data.interval), true];
}

function sentence(rows) {
  const read = rows.filter((row) => row.p !== null);
  if (read.length === 0) return t("Nothing was read yet.");
  const last = read.at(-1);
  return t("{read} of {all} seconds could be read. Last: {likely} engaged, {certainty}.", {
    read: read.length, all: rows.length, likely: likelihood(last.p), certainty: certainty(last.low, last.high) });
}
