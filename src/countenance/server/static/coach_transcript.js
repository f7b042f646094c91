// The last of what was said by those who let their words be read; nothing of it is stored.
import { h } from "./dom.js";
import { keyed } from "./keyed.js";
import { follow } from "./live.js";
import { clock } from "./words.js";

/** Lines in `list`; `section` is shown while there are any. `begin()` follows the words of a coached call. */
export function transcript(path, section, list, nameOf, onNews) {
  let lines = [];
  let begun = false;
  const show = keyed(list, (one) => `${one.participant_id} ${one.start_us}`, (one) => ({
    element: h("li", {}, h("span.quiet.number", {}, clock(one.start_us / 1e6)), " ", h("span.who", {}, nameOf(one.participant_id)), " ", one.text),
    show: () => {},
  }));
  return {
    begin() {
      if (begun) return;
      begun = true;
      follow(`${path}/coaching/words`, {
        protocol: "words.json", check: `${path}/coaching`, onState: () => {},
        onMessage: (told) => {
          lines = told.lines;
          onNews();
        },
      });
    },
    show() {
      section.hidden = !lines.length;
      show(lines);
      list.scrollTop = list.scrollHeight;
    },
  };
}
