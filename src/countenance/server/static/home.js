// The calls that run, asked for again every two seconds while the page is seen; what has the focus keeps it.
import { api } from "./api.js";
import { failed, fill, h } from "./dom.js";
import { keyed, write } from "./keyed.js";
import { term, trouble } from "./terms.js";
import { apart, gathered, lasting, listed, n, t } from "./words.js";

const EVERY_MS = 2000;
const READ = ["face", "voice", "text"];
const MOST = 6;
const at = (id) => document.getElementById(id);
const show = keyed(at("calls"), (call) => call.call_id, card);

function card(first) {
  const title = h("a", { href: `/coach/${first.call_id}` });
  const facts = h("p.quiet.small");
  const people = h("ul.plain.small");
  const problem = h("p.failure.small", { hidden: true });
  let shown = "";
  return {
    element: h("li.card", {}, h("h2", {}, title), facts, problem, people),
    show: (call) => {
      const here = (call.participants ?? []).filter((one) => one.here);
      write(title, gathered(here.map((one) => one.name)) || call.call_id);
      const since = (Date.now() - new Date(call.started_at)) / 1000;
      write(facts, [term("purpose", call.purpose), n("{count} person", "{count} people", { count: here.length }),
        since < 60 ? t("just begun") : t("for {time}", { time: lasting(since) })].join(" · "));
      problem.hidden = !call.problem;
      write(problem, call.problem ? t("Nobody is read at the moment: {problem}", { problem: trouble(call.problem) }) : "");
      const key = JSON.stringify(here);
      if (key !== shown) fill(people, here.slice(0, MOST).map(person), here.length > MOST && h("li.quiet", {}, n("and {count} more", "and {count} more", { count: here.length - MOST })));
      shown = key;
    },
  };
}

function person(one) {
  const allowed = one.modalities.filter((ruling) => READ.includes(ruling.modality) && ruling.allowed).map((ruling) => term("sense", ruling.modality));
  return h("li", {}, apart(one.name), h("span.quiet", {}, ` (${term("role", one.role)}): `),
    allowed.length ? t("may be read with consent: {modalities}", { modalities: listed(allowed) }) : h("span.quiet", {}, t("not analysed")));
}

async function look() {
  if (document.hidden) return;
  try {
    const { items } = await api("/v1/calls?state=live");
    at("problem").hidden = true;
    at("loading").hidden = true;
    at("none").hidden = items.length > 0;
    show(items);
  } catch (problem) {
    failed(at("problem"), problem);
  }
}

look();
setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", look);
