// The calls that run, asked for again every two seconds while the page is seen.
import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { clock, n, t } from "./words.js";

const list = document.getElementById("calls");
const none = document.getElementById("none");

function card(call) {
  const people = call.participants ?? [];
  return h("li.card", {},
    h("h2", {}, h("a", { href: `/coach/${call.call_id}` }, call.call_id)),
    h("p", {}, call.purpose.replaceAll("_", " "), " · ", n("{count} person", "{count} people", { count: people.length })),
    h("ul.plain.small", {}, people.map((one) => h("li", {}, one.name ?? one.participant_id, h("span.quiet", {}, ` ${one.role.replaceAll("_", " ")}`)))),
    h("p.quiet.small", {}, t("for {time}", { time: clock((Date.now() - new Date(call.started_at)) / 1000) })));
}

async function show() {
  if (document.hidden) return;
  const { items = [] } = await api("/v1/calls?state=live") ?? {};
  none.hidden = items.length > 0;
  fill(list, items.map(card));
}

show();
setInterval(show, 2000);
