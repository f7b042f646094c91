// A receipt to print or to keep as a file.
import { api } from "./api.js";
import { saved } from "./dom.js";
import { term } from "./terms.js";

for (const one of document.querySelectorAll("[data-term]")) one.textContent = term(one.dataset.term, one.textContent.trim());
document.getElementById("print").addEventListener("click", () => print());
const save = document.getElementById("save");
save.addEventListener("click", async () => saved(await api(save.dataset.address), "receipt.json"));
