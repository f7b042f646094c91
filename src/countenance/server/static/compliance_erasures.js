// Erasures: how far each has come, the receipt, and a new one.
import { api } from "./api.js";
import { keep } from "./compliance_words.js";
import { failed, fill, h } from "./dom.js";
import { moment, n, t } from "./words.js";

const byId = (id) => document.getElementById(id);

export async function begin() {
  const sure = byId("sure");
  byId("erase").addEventListener("submit", (event) => {
    event.preventDefault();
    byId("erase-failure").hidden = true;
    sure.showModal();
  });
  byId("sure-no").addEventListener("click", () => sure.close());
  byId("sure-yes").addEventListener("click", async () => {
    sure.close();
    await erase(byId("erase"));
  });
  await show();
}

async function erase(form) {
  const chosen = new FormData(form);
  try {
    const receipt = await api("/v1/subjects/erase", { method: "POST", body: { person: chosen.get("person"), at_once: chosen.has("at_once") } });
    save(receipt);
    form.reset();
    await show();
  } catch (problem) {
    failed(byId("erase-failure"), problem);
  }
}

const save = (receipt) => keep(`deletion-receipt-${receipt.statement.erasure_id}.json`, new Blob([`${JSON.stringify(receipt, null, 2)}\n`], { type: "application/json" }));

/** The newest of them; `before`: those of the pages before, and where they ended. */
async function show(before = { items: [], next: null }) {
  const page = await api(`/v1/erasures${before.next ? `?cursor=${encodeURIComponent(before.next)}` : ""}`);
  const items = [...before.items, ...page.items];
  fill(byId("found"), items.length ? h("ul.cards", {}, items.map(card)) : h("p.note", {}, t("Nobody has been erased yet.")));
  byId("more").hidden = page.next === null;
  byId("more").onclick = () => show({ items, next: page.next });
}

function card(one) {
  const left = (new Date(one.due_at) - Date.now()) / 3_600_000;
  const due = one.key_destroyed_at ? t("done") : left > 0 ? n("{count} hour left", "{count} hours left", { count: Math.ceil(left) }) : t("overdue");
  const late = !one.key_destroyed_at && left <= 0;
  return h("li.card", {},
    h("p.line-between", {}, h("strong", {}, t("Entry {seq}", { seq: one.seq })), h(`span.tag.${late ? "alert" : one.key_destroyed_at ? "good" : "warn"}`, {}, due)),
    h("ol.clock", {}, stage(t("Asked for"), one.asked_at), stage(t("Deleted, own keys destroyed"), one.erased_at), stage(t("Key of older backups destroyed"), one.key_destroyed_at, t("by {when}", { when: moment(one.due_at) }))),
    h("p.small", {}, one.receivers_waiting ? n("{count} receiver has still to answer", "{count} receivers have still to answer", { count: one.receivers_waiting }) : t("All receivers have answered, or there were none.")),
    one.receivers_not_reached ? h("p.small", {}, n("{count} receiver was not reached", "{count} receivers were not reached", { count: one.receivers_not_reached })) : null,
    h("p", {}, h("button", { type: "button", onclick: async () => save(await api(`/v1/subjects/erasures/${one.erasure_id}`)) }, t("Save the receipt"))));
}

function stage(words, at, later = t("waiting")) {
  return h(at ? "li.done" : "li", {}, h("span", {}, words), h("span.quiet.small", {}, at ? moment(at) : later));
}
