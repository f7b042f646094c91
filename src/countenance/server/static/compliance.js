// One of the parts of compliance; each is a module of its own.
import { failed } from "./dom.js";
import { word } from "./compliance_words.js";

const parts = {
  decide: () => import("./compliance_decide.js"),
  rulings: () => import("./compliance_rulings.js"),
  consents: () => import("./compliance_consents.js"),
  erasures: () => import("./compliance_erasures.js"),
  retention: () => import("./compliance_retention.js"),
  audit: () => import("./compliance_audit.js"),
  evidence: () => import("./compliance_evidence.js"),
};

for (const one of document.querySelectorAll("[data-term]")) one.textContent = word(one.dataset.term, one.dataset.value ?? one.value);
const day = document.getElementById("on");
if (day) day.valueAsDate = new Date();

parts[document.getElementById("compliance").dataset.part]()
  .then((part) => part.begin())
  .catch((problem) => {
    failed(document.getElementById("failure"), problem);
    if (!("status" in problem)) throw problem;
  });
