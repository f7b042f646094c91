// Signing in: by a key somebody types, or by the link of an invitation, whose token stands behind the #.
import { api } from "./api.js";
import { failed } from "./dom.js";

const form = document.getElementById("sign-in");
const failure = document.getElementById("failure");

async function enter(credential) {
  try {
    const { next } = await api("/session", { method: "POST", body: { credential } });
    const wanted = form.dataset.next;
    location.replace(wanted !== "/" ? wanted : next);
  } catch (problem) {
    failed(failure, problem);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  enter(form.credential.value);
});

for (const button of document.querySelectorAll("[data-sign-out]")) {
  button.addEventListener("click", async () => {
    await api(`/session?as=${encodeURIComponent(button.dataset.signOut)}`, { method: "DELETE" });
    location.reload();
  });
}

function invited() {
  const token = decodeURIComponent(location.hash.slice(1));
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  enter(token);
}

addEventListener("hashchange", invited);
invited();
