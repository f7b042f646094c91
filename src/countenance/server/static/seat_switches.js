// What is on and why not, a row for each modality with its own switch. Rows stay the same elements while readings come
// each second: a button under a finger or in focus is not made anew.
import { fill, h, say } from "./dom.js";
import { term } from "./terms.js";
import { t } from "./words.js";

/** A list that `paint` brings up to date; `does(button, work)` shows what goes wrong. */
export function switches(seat, does) {
  const element = h("ul.plain.mine", { "aria-label": t("What is on") });
  const rows = new Map();

  function row(modality) {
    const chip = h("span.chip");
    const made = { chip, line: h("li.line-between", {}, chip), can: null };
    rows.set(modality, made);
    element.append(made.line);
    return made;
  }

  function paint() {
    for (const one of seat.modalities) {
      const shown = rows.get(one.modality) ?? row(one.modality);
      const [kind, says] = state(seat, one);
      shown.chip.className = `chip ${kind}`;
      fill(shown.chip, h("strong", {}, term("modality", one.modality)), ` ${says}`);
      const can = allowed(seat, one);
      if (can === shown.can) continue;
      const focused = shown.line.contains(document.activeElement);
      const control = can && CONTROLS[can](seat, one.modality, does);
      fill(shown.line, shown.chip, control);
      if (focused) control?.focus();
      shown.can = can;
    }
  }

  return { element, paint };
}

const CONTROLS = {
  off(seat, modality, does) {
    const name = term("modality", modality);
    const button = h("button.quiet-button", { type: "button", "data-off": modality, "aria-label": t("Turn off: {modality}", { modality: name }), onclick: () => does(button, stop) }, t("Turn off"));
    async function stop() {
      const line = button.parentElement;
      await seat.stop(modality);
      // A button that is disabled for the while has lost the focus.
      if (document.activeElement === document.body) line.querySelector("a, button")?.focus();
      say(t("{modality} is off.", { modality: name }));
    }
    return button;
  },
  on(seat, modality) {
    const name = term("modality", modality);
    return h("a.button.quiet-button", { href: `/join/${seat.call}?me=${seat.participant}`, "aria-label": t("Turn on: {modality}", { modality: name }) }, t("Turn on"));
  },
};

/** Which of the two somebody can do; null where neither. */
function allowed(seat, one) {
  if (seat.erased) return null;
  if (one.answer?.status === "given") return "off";
  return one.allowed ? "on" : null;
}

function state(seat, one) {
  if (!one.allowed) return ["barred", t("not permitted: {why}", { why: one.why })];
  if (one.answer?.status !== "given" || seat.erased) return ["off", t("off")];
  if (seat.paused) return ["off", t("paused")];
  const use = seat.last?.modalities?.[one.modality];
  if (use && !use.used && use.reason) return ["unclear", t("on, no signal: {cause}", { cause: term("reason", use.reason) })];
  return ["on", t("on")];
}
