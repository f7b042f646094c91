// The calls that are over, the newest first.
import { api } from "./api.js";
import { failed, h } from "./dom.js";
import { term } from "./terms.js";
import { clock, moment } from "./words.js";

const byId = (id) => document.getElementById(id);
const [list, more, waiting, none] = ["calls", "more", "waiting", "none"].map(byId);
let next = null;

function row(call) {
  const seconds = (new Date(call.ended_at ?? call.started_at) - new Date(call.started_at)) / 1000;
  return h("li", {}, h("a.reviewed-call", { href: `/review/${call.call_id}` },
    h("span.reviewed-when", {}, h("time", { datetime: call.started_at }, moment(call.started_at, { dateStyle: "full" })),
      h("span.quiet", {}, moment(call.started_at, { timeStyle: "short" }))),
    h("span.quiet.number", {}, [term("purpose", call.purpose), seconds >= 1 && clock(seconds)].filter(Boolean).join(" · "))));
}

async function show() {
  try {
    const found = await api(`/v1/calls?limit=25${next ? `&cursor=${encodeURIComponent(next)}` : ""}`);
    const over = found.items.filter((call) => call.state === "ended");
    list.append(...over.map(row));
    next = found.next;
    if (!over.length && next !== null) return void (await show());
    more.hidden = next === null;
    none.hidden = list.children.length > 0;
  } catch (problem) {
    failed(byId("failure"), problem);
  }
  waiting.hidden = true;
}

more.addEventListener("click", async () => {
  const seen = list.children.length;
  await show();
  list.children[seen]?.querySelector("a").focus();
});
show();
