// What every page does: the language, signing out, and that one sees where one is.
import { api, as } from "./api.js";

document.getElementById("language")?.addEventListener("change", async (event) => {
  await api(`/session/language?language=${event.target.value}`, { method: "PUT" });
  const address = new URL(location.href);
  address.searchParams.delete("language");
  location.replace(address);
});

for (const row of document.querySelectorAll(".sideways")) {
  const current = row.querySelector("[aria-current]");
  const fades = () => row.classList.toggle("more", row.scrollWidth - row.clientWidth - Math.abs(row.scrollLeft) > 4);
  if (current) row.scrollLeft += current.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - current.offsetWidth) / 2;
  row.addEventListener("scroll", fades, { passive: true });
  new ResizeObserver(fades).observe(row);
}

document.getElementById("sign-out")?.addEventListener("click", async () => {
  await api(`/session?as=${encodeURIComponent(as)}`, { method: "DELETE" });
  location.assign("/sign-in");
});
