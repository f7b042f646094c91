// The badge that is always in sight: what is read of this person at this moment.
import { fill, h, say } from "./dom.js";
import { term } from "./terms.js";
import { listed, moment, t } from "./words.js";

const TIME = { timeStyle: "medium" };

/** `paused`, `on`, `stopped` or `off`, and the words for it. */
export function standing(seat) {
  if (seat.erased) return ["stopped", t("Stopped and deleted")];
  if (seat.stoppedAt) return ["stopped", t("Stopped at {time}", { time: moment(seat.stoppedAt, TIME) })];
  if (seat.paused) return ["paused", t("Paused: nothing is read of you")];
  const names = seat.on.map((one) => term("sense", one));
  if (names.length === 0) return ["off", t("Nothing is read of you")];
  return ["on", t("Read of you now: {what}", { what: listed(names) })];
}

/** An element that follows a seat; a change is said to screen readers, politely, by the one that is the page's own. */
export function badge(seat, own = true) {
  const element = h("p.badge", { id: own && "badge" });
  let before = null;
  function paint() {
    const [name, words] = standing(seat);
    element.dataset.state = name;
    fill(element, h("span.badge-mark", { "aria-hidden": "true" }), words);
    if (own && before !== null && before !== words) say(words);
    before = words;
  }
  seat.addEventListener("change", paint);
  paint();
  return element;
}
