// The evidence pack, made when it is asked for.
import { as, Problem } from "./api.js";
import { keep } from "./compliance_words.js";
import { failed } from "./dom.js";
import { number, t } from "./words.js";

const byId = (id) => document.getElementById(id);

export function begin() {
  const button = byId("make");
  button.addEventListener("click", async () => {
    button.disabled = true;
    byId("failure").hidden = true;
    byId("made").textContent = t("Writing the papers …");
    try {
      const answer = await fetch("/v1/evidence", { headers: as ? { "x-countenance-as": as } : {} });
      if (!answer.ok) throw new Problem(answer.status, await answer.json());
      const pack = await answer.blob();
      keep("evidence.zip", pack);
      byId("made").textContent = t("Made: {size} kB. Begin with index.html in it.", { size: number(Math.ceil(pack.size / 1000)) });
    } catch (problem) {
      byId("made").textContent = "";
      failed(byId("failure"), problem);
    }
    button.disabled = false;
  });
}
