// What every page does: the language, signing out.
import { api, as } from "./api.js";

document.getElementById("language")?.addEventListener("change", async (event) => {
  await api(`/session/language?language=${event.target.value}`, { method: "PUT" });
  const address = new URL(location.href);
  address.searchParams.delete("language");
  location.replace(address);
});

document.getElementById("sign-out")?.addEventListener("click", async () => {
  await api(`/session?as=${encodeURIComponent(as)}`, { method: "DELETE" });
  location.assign("/sign-in");
});
