// Lists that are shown anew while somebody reads them: an entry keeps its element, and with it the focus.

/**
 * Make the children of `list` those of `items`, in this order. `key(item)`: its name; `make(item)`: `{element, show}`,
 * where `show(item)` brings the element up to date.
 */
export function keyed(list, key, make) {
  const known = new Map();
  return (items) => {
    const wanted = new Set(items.map(key));
    for (const [name, one] of known) {
      if (wanted.has(name)) continue;
      one.element.remove();
      known.delete(name);
    }
    items.forEach((item, at) => {
      const name = key(item);
      if (!known.has(name)) known.set(name, make(item));
      const { element, show } = known.get(name);
      show(item);
      if (list.children[at] !== element) place(list, element, list.children[at] ?? null);
    });
  };
}

/** Move an element without losing the focus that is in it. */
function place(list, element, before) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  list.insertBefore(element, before);
  focused?.focus({ preventScroll: true });
}

/** Set a text only where it changed: what stays is not drawn or read out again. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
