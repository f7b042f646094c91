// The last of what was said, where the words may be read and are shown.
import { fill, h } from "./dom.js";
import { clock } from "./words.js";

const KEPT = 12;

/** Lines in `list`; `section` is shown once there are any. */
export function transcript(section, list, nameOf) {
  const lines = [];
  return {
    take({ data }) {
      lines.push(data);
      if (lines.length > KEPT) lines.shift();
    },
    show() {
      section.hidden = !lines.length;
      if (list.children.length === lines.length && list.lastShown === lines.at(-1)) return;
      list.lastShown = lines.at(-1);
      fill(list, lines.map((line) => h("li", {},
        h("span.quiet.number", {}, clock(line.start_us / 1e6)), " ", h("span.who", {}, nameOf(line.participant_id)), " ", line.text)));
      list.scrollTop = list.scrollHeight;
    },
  };
}
