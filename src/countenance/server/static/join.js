// Asking a participant: the element asks and records, this page shows what comes of it and lets them in.
import { failed, fill, h, say } from "./dom.js";
import { term } from "./terms.js";
import { t } from "./words.js";

const asking = document.getElementById("consent");
const ready = document.getElementById("ready");
const [call, me] = [asking.getAttribute("call"), asking.getAttribute("participant")];

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

try {
  await import("./vendor/countenance.js");
} catch {
  failed(document.getElementById("failure"), {
    message: t("Nobody can be asked here: this installation was made without the parts that npm brings."),
    fix: t("You can join; nothing is read of you."),
  });
  ready.hidden = false;
}
