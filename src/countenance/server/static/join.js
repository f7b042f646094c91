// Asking a participant: the element asks and records, this page shows what comes of it and lets them in.
import { api } from "./api.js";
import { failed, fill, h, say } from "./dom.js";
import { term } from "./terms.js";
import { t } from "./words.js";

const asking = document.getElementById("consent");
const ready = document.getElementById("ready");
const [call, me] = [asking.getAttribute("call"), asking.getAttribute("participant")];
const seat = `/v1/calls/${call}/participants/${me}`;

asking.addEventListener("countenance-answered", ({ detail }) => {
  const says = document.getElementById("ready-says");
  says.textContent = detail.analysis
    ? t("Only what you turned on is read of you, and nothing else. You can pause or stop it at any time, in the call too.")
    : t("Nothing is read of you. You can turn it on yourself later, if you want to.");
  fill(document.getElementById("receipts"), detail.answers.map((one) =>
    h("li", {}, h("a", { href: `/me/${call}/receipts/${one.receipt_id}?me=${me}`, target: "_blank" },
      t("Receipt for {modality}, to print", { modality: term("sense", one.modality) })))));
  ready.hidden = false;
  document.getElementById("before").hidden = true;
  ready.focus();
  say(says.textContent);
});

asking.addEventListener("countenance-withdrawn", () => {
  ready.hidden = true;
});

/** What law or charter refuses has no switch: it is said, with its reason. */
async function refusals() {
  const { modalities = [] } = (await api(seat)) ?? {};
  const barred = modalities.filter((one) => !one.allowed && one.modality !== "telemetry");
  document.getElementById("never").hidden = barred.length === 0;
  fill(document.getElementById("barred"), barred.map((one) => {
    const [first] = one.rulings;
    return h("li.card", {}, h("p", {}, h("strong", {}, term("modality", one.modality)), " ", h("span.chip.barred", {}, t("not permitted"))),
      h("p", {}, first.reason), h("p.quiet.small", {}, first.citation));
  }));
}

try {
  await import("./vendor/countenance.js");
} catch {
  failed(document.getElementById("failure"), {
    message: t("Nobody can be asked here: this installation was made without the parts that npm brings."),
    fix: t("You can join; nothing is read of you."),
  });
  ready.hidden = false;
}
refusals().catch((problem) => failed(document.getElementById("failure"), problem));
