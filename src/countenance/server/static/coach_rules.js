// The rules of this call: on or off, silent for now and why. What is switched here holds for this call alone.
import { api } from "./api.js";
import { failed, h } from "./dom.js";
import { keyed, write } from "./keyed.js";
import { t } from "./words.js";

const WITHHELD = {
  speaking: t("waits until you have spoken"), live: t("waits while another is shown"), cooldown: t("waits a little after the last one"),
  rule_cooldown: t("was said not long ago"), budget: t("the budget of this hour is used up"), snoozed: t("not again in this call"),
  disabled: t("off"), quiet_hours: t("quiet hours"),
};

/** The list in `place`; `show(rules)` brings it up to date. What would be said stands in the language in which it would be. */
export function rules(path, place, problemPlace) {
  return keyed(place, (one) => one.rule_id, (first) => {
    const input = h("input", { type: "checkbox", role: "switch" });
    const [words, state] = [h("span"), h("span.small.quiet")];
    input.addEventListener("change", async () => {
      try {
        const body = input.checked ? { enabled: true, snoozed: false } : { enabled: false };
        told(await api(`${path}/coaching/rules/${first.rule_id}`, { method: "POST", body }));
      } catch (problem) {
        input.checked = !input.checked;
        failed(problemPlace, problem);
      }
    });
    function told(one) {
      input.checked = one.enabled && !one.snoozed;
      if (one.language) words.lang = one.language;
      write(words, one.text);
      write(state, one.snoozed ? WITHHELD.snoozed : WITHHELD[one.withheld] ?? "");
      state.hidden = !state.textContent;
    }
    return { element: h("li", {}, h("label.coach-rule", {}, input, words, state)), show: told };
  });
}
