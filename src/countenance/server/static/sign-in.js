// Signing in: by a key somebody types, or by the link of an invitation, whose token stands behind the #.
import { api } from "./api.js";
import { failed } from "./dom.js";
import { t } from "./words.js";

const form = document.getElementById("sign-in");
const failure = document.getElementById("failure");

const REFUSED = {
  message: t("This key, token or invitation is not valid."),
  fix: t("Check that it was copied whole. It may also have ended: ask whoever gave it to you for a new one."),
};

async function enter(credential) {
  try {
    const { next } = await api("/session", { method: "POST", body: { credential } });
    const wanted = form.dataset.next;
    location.replace(wanted !== "/" ? wanted : next);
  } catch (problem) {
    failed(failure, problem.status === 401 ? REFUSED : problem);
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
