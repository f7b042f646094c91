/** The files a person gave, sorted into what they are: receipts, proofs, logs, keys, checkpoints kept from before. */

/**
 * @typedef {object} One a file, and where it stood in what was given
 * @property {string} path
 * @property {File} file
 *
 * @typedef {object} Log
 * @property {string} root the folder, with a final `/`, or nothing
 * @property {Map<string, File>} files by their path within it
 *
 * @typedef {object} Given
 * @property {Log[]} logs
 * @property {One[]} receipts
 * @property {One[]} proofs
 * @property {One[]} checkpoints
 * @property {One[]} keys
 * @property {One[]} others
 */

/**
 * @param {One[]} all
 * @returns {Given}
 */
export function sort(all) {
  const roots = all.flatMap(({ path }) => {
    const root = path.endsWith("/checkpoint") || path === "checkpoint" ? path.slice(0, -"checkpoint".length) : null;
    return root !== null && all.some((one) => one.path.startsWith(`${root}tile/`)) ? [root] : [];
  });
  /** @type {Given} */
  const given = { logs: [], receipts: [], proofs: [], checkpoints: [], keys: [], others: [] };
  given.logs = roots.map((root) => ({ root, files: within(all, root) }));
  for (const one of all) {
    const inside = roots.some((root) => isOfLog(one.path, root));
    if (!inside) given[kindOf(one.path)].push(one);
  }
  return given;
}

/**
 * The proof file that belongs to a receipt: of the same name, or the only one there is.
 * @param {Given} given
 * @param {One} receipt
 * @returns {One | undefined}
 */
export function proofOf({ proofs, receipts }, receipt) {
  const stem = receipt.path.replace(/\.json$/, "");
  const named = proofs.find(({ path }) => path.replace(/\.tlog-proof$/, "").replace(/\.json$/, "") === stem);
  if (receipt.path.endsWith(".tlog-proof")) return undefined;
  return named ?? (proofs.length === 1 && receipts.length === 1 ? proofs[0] : undefined);
}

/**
 * Proofs that belong to no receipt here: they may carry their entry themselves.
 * @param {Given} given
 * @returns {One[]}
 */
export function aloneOf(given) {
  const taken = new Set(given.receipts.map((receipt) => proofOf(given, receipt)));
  return given.proofs.filter((proof) => !taken.has(proof));
}

/**
 * Everything in what was dropped, folders walked.
 * @param {DataTransferItemList} items
 * @returns {Promise<One[]>}
 */
export async function dropped(items) {
  // All at once: after the first wait the browser has emptied the list.
  const taken = Array.from(items, (item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const found = taken.map(({ entry, file }) => (entry ? walk(entry) : file ? chosen([file]) : []));
  return (await Promise.all(found)).flat();
}

/**
 * @param {FileList | File[]} list what an input holds
 * @returns {One[]}
 */
export function chosen(list) {
  return Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<One[]>}
 */
async function walk(entry) {
  if (entry.isFile) {
    const single = /** @type {FileSystemFileEntry} */ (entry);
    const file = await new Promise((done, fail) => single.file(done, fail));
    return [{ path: entry.fullPath.replace(/^\//, ""), file: /** @type {File} */ (file) }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return found.flat();
    found.push(...(await Promise.all(some.map(walk))));
  }
}

/**
 * @param {string} path
 * @returns {Exclude<keyof Given, "logs">}
 */
function kindOf(path) {
  if (path.endsWith(".json")) return "receipts";
  if (path.endsWith(".tlog-proof")) return "proofs";
  if (path.endsWith(".vkey") || /(?:^|\/|\.)policy$/.test(path)) return "keys";
  return /(?:^|\/|\.)checkpoint$/.test(path) ? "checkpoints" : "others";
}

/**
 * @param {string} path
 * @param {string} root
 * @returns {boolean}
 */
function isOfLog(path, root) {
  const rest = path.startsWith(root) ? path.slice(root.length) : "";
  return rest.startsWith("tile/") || ["checkpoint", "log.vkey", "minimum", "index.html"].includes(rest);
}

/**
 * @param {One[]} all
 * @param {string} root
 * @returns {Map<string, File>}
 */
function within(all, root) {
  const inside = all.filter(({ path }) => isOfLog(path, root));
  return new Map(inside.map(({ path, file }) => [path.slice(root.length), file]));
}
