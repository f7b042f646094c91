// Settings: webhooks with their test and their log, keys, taxonomies, the configuration.
import { api } from "./api.js";
import { failed, fill, h, say } from "./dom.js";
import { denotes } from "./settings_denotes.js";
import { endpoint } from "./settings_webhooks.js";
import { term } from "./terms.js";
import { moment, number, t } from "./words.js";

const part = (id) => document.getElementById(id);
const failure = part("failure");
const day = { dateStyle: "medium" };

/** Do something; what goes wrong is shown at the top. */
async function doing(work) {
  failure.hidden = true;
  try {
    await work();
  } catch (problem) {
    failed(failure, problem);
    failure.scrollIntoView({ block: "nearest" });
  }
}

async function endpoints() {
  const { items } = await api("/v1/webhooks");
  fill(part("endpoints"), items.map((one) => endpoint(one, doing, endpoints)));
  part("no-endpoints").hidden = items.length > 0;
}

part("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const { url, types, signature } = event.target;
  doing(async () => {
    const wanted = types.value.split(",").map((one) => one.trim()).filter(Boolean);
    const made = await api("/v1/webhooks", { method: "POST", body: { url: url.value, types: wanted, signature: signature.value } });
    event.target.reset();
    await endpoints();
    part("secret-text").textContent = made.secret;
    part("secret").showModal();
  });
});

const ends = { valid: [t("valid"), "good"], ended: [t("ended"), "warn"], revoked: [t("revoked"), "alert"] };

async function keys() {
  const { items } = await api("/v1/keys");
  fill(part("keys"), items.map((one) => h("tr", {},
    h("th", { scope: "row" }, one.label), h("td", {}, term("position", one.position)), h("td", {}, moment(one.made_at, day)),
    h("td", {}, one.expires_at ? moment(one.expires_at, day) : t("never")),
    h("td", {}, h("span", { class: `tag ${ends[one.state][1]}` }, ends[one.state][0])),
    h("td", {}, one.state === "valid" && h("button.stop-button", { type: "button", "aria-label": t("Revoke {label}", { label: one.label }), onclick: () => doing(async () => { await api(`/v1/keys/${one.key_id}`, { method: "DELETE" }); say(t("Revoked")); await keys(); }) }, t("Revoke"))))));
}

const SCALES = { valence: t("valence"), arousal: t("arousal") };
const share = (value) => number(value, { maximumFractionDigits: 2 });

function taxonomy(one) {
  const raises = one.events.length > 0;
  return h("div.card", {},
    h("h3", {}, h("code", {}, one.name)), one.denotes && h("p.quiet.small", {}, denotes(one)),
    h("div.scroll", { tabindex: "0", role: "region", "aria-label": one.name }, h("table", {},
      h("thead", {}, h("tr", {}, [t("Word"), t("Leads from"), ...(raises ? [t("Event"), t("Begins at"), t("Ends below"), t("Held for")] : [])].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, one.labels.map((label) => {
        const event = one.events.find((each) => each.label === label.name);
        return h("tr", {}, h("th", { scope: "row" }, term("state", label.name)), h("td", {}, share(label.enter)),
          raises && [event?.name, event && share(event.enter), event && share(event.leave), event && t("{seconds} s", { seconds: event.hold_s })].map((cell) => h("td", {}, cell ?? "")));
      }), one.dimensions.map((name) => h("tr", {}, h("th", { scope: "row" }, SCALES[name] ?? name), h("td", { colspan: raises ? "5" : "1" }, t("a scale"))))))));
}

async function configured() {
  const found = await api("/v1/settings");
  fill(part("taxonomies"), found.taxonomies.map(taxonomy));
  fill(part("settings"), found.settings.map((one) => h("tr", {}, h("th", { scope: "row" }, h("code", {}, one.key)),
    h("td", {}, one.secret ? h("span.tag", {}, t("secret, set")) : one.value || h("span.quiet", {}, t("not set"))))));
}

doing(() => Promise.all([endpoints(), keys(), configured()]));
