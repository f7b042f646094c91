// Joining the demo with one's own camera: a seat is made when somebody wants it.
import { api } from "./api.js";
import { failed } from "./dom.js";

document.getElementById("join").addEventListener("click", async (event) => {
  event.target.disabled = true;
  try {
    const { url } = await api("/demo/camera", { method: "POST" });
    location.assign(url);
  } catch (problem) {
    failed(document.getElementById("failure"), problem);
    event.target.disabled = false;
  }
});
