// What somebody answered in this call, and when: a stop stays written here, whatever is turned on after it.
import { fill, h } from "./dom.js";
import { term } from "./terms.js";
import { moment, t } from "./words.js";

const TIME = { timeStyle: "medium" };
const SHOWN = 4;

/** A list that follows a seat. */
export function history(seat) {
  const list = h("ul.plain.small");
  const element = h("section.history", { "aria-label": t("What you answered in this call"), hidden: true }, list);
  const paint = () => {
    element.hidden = seat.history.length === 0 || seat.erased;
    const lines = seat.history.map(line).reverse();
    const older = lines.slice(SHOWN);
    fill(list, lines.slice(0, SHOWN), older.length > 0 && h("li", {}, h("details", {}, h("summary", {}, t("Earlier answers")), h("ul.plain", {}, older))));
  };
  seat.addEventListener("change", paint);
  paint();
  return element;
}

function line({ modality, status, at }) {
  const values = { modality: term("modality", modality), time: moment(at, TIME) };
  const says = {
    given: t("{modality}: turned on at {time}", values), refused: t("{modality}: refused at {time}", values),
    withdrawn: t("{modality}: stopped at {time}", values), expired: t("{modality}: ended by itself at {time}", values),
  };
  return h("li.quiet", {}, says[status]);
}
