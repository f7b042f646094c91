// Stop and delete: asked once, done at once, with a signed receipt; the same in a call and after it.
import { fill, h, saved } from "./dom.js";
import { t } from "./words.js";

/** Ask before everything is deleted; `after` shows that it was. `does(button, work)` shows what goes wrong. */
export function erasing(seat, after, does) {
  const yes = h("button.stop-button", { type: "button", onclick: () => does(yes, erase) }, t("Stop and delete"));
  const no = h("button", { type: "button", onclick: () => dialog.close() }, t("Keep everything"));
  const wait = h("p.quiet", { role: "status" });
  const dialog = h("dialog", { "aria-labelledby": "erase-title" },
    h("h2", { id: "erase-title" }, t("Stop, and delete everything?")),
    h("p", {}, t("What was read of you in this call and in others of this service is destroyed and cannot be brought back."), " ", seat.over ? "" : t("The call itself goes on.")),
    wait, h("div.pair-buttons", {}, no, yes));
  async function erase() {
    no.disabled = true;
    wait.textContent = t("Everything is being deleted …");
    const receipt = await seat.erase().finally(() => dialog.close());
    const keep = h("button", { type: "button", onclick: () => saved(receipt, "deletion-receipt.json") }, t("Save the signed receipt"));
    fill(after, h("h2", { tabindex: "-1", id: "gone" }, t("Everything was deleted")), h("p", {}, t("Number of the deletion:"), " ", h("code", {}, receipt.statement.erasure_id)), keep);
    after.hidden = false;
    document.getElementById("gone").focus();
  }
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  no.focus();
}
