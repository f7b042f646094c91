// Building parts of a page without markup in strings: the policy of these pages refuses that.

/** An element: `h("p.quiet", {id: "x", onclick: f}, "text", child)`. */
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const svg = SVG.has(tag);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  if (classes.length) made.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "dataset") Object.assign(made.dataset, value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const SVG = new Set(["svg", "path", "rect", "circle", "line", "g", "polyline", "polygon", "title", "use"]);

/** Replace what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

const waiting = { text: "", at: 0, timer: 0 };

/** Say something to screen readers, politely, at most once in five seconds; the last thing said wins. */
export function say(text) {
  const line = document.getElementById("said");
  const now = performance.now();
  waiting.text = text;
  if (waiting.timer) return;
  waiting.timer = setTimeout(() => {
    line.textContent = waiting.text;
    waiting.at = performance.now();
    waiting.timer = 0;
  }, Math.max(0, waiting.at + 5000 - now) * (waiting.at > 0));
}

/** Show what went wrong, and what to do, in an element with role="alert". */
export function failed(element, problem) {
  element.hidden = false;
  fill(element, h("strong", {}, problem.message), " ", problem.fix ?? "", problem.detail && h("small", { lang: "en" }, " ", problem.detail));
}

/** Work that a button begins: once at a time, and what goes wrong is shown in `failure`. */
export function doing(failure) {
  return async (button, work) => {
    failure.hidden = true;
    button.disabled = true;
    try {
      await work();
    } catch (problem) {
      failed(failure, problem);
    } finally {
      button.disabled = false;
    }
  };
}

/** Give a value to the browser as a file of JSON; text is taken as it is. */
export function saved(value, name) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
