/** Turns outcomes into the page, by text nodes only: what files say is never read as HTML. */

import { technical } from "./checks.mjs";

const SVG = "http://www.w3.org/2000/svg";
/** @type {[string, string][]} */
const SAID = [
  ["About", "participant_id"],
  ["Asked by", "controllers"],
  ["What is read", "purposes.0.modality"],
  ["What for", "purposes.0.purpose"],
  ["Your answer", "purposes.0.status"],
  ["Answered", "answered_at"],
  ["Holds until", "valid_until"],
  ["Days kept", "retention.days"],
  ["Passed on to", "recipients"],
  ["Stored in", "storage_locations"],
  ["How to withdraw", "withdrawal.method"],
  ["Contact", "contact"],
  ["Reason", "reason"],
  ["Asked for", "asked_at"],
  ["Deleted", "erased_at"],
  ["Entries", "entries"],
  ["Backups’ key went", "keys.destroyed_at"],
  ["Backups’ key goes by", "keys.destroyed_by"],
  ["Receivers told", "receivers.answered"],
  ["Still to answer", "receivers.waiting"],
];
const SEALS = { holds: "M5 13l5 5L20 7", fails: "M6 6l12 12M18 6L6 18" };

/**
 * @param {import("./checks.mjs").Outcome} outcome
 * @returns {HTMLElement}
 */
export function card({ name, told, trusted, statement, checkpoint }) {
  const way = told.holds ? "holds" : "fails";
  const section = make("section", { className: `result ${way}` });
  const title = make("h2", {}, told.headline);
  title.tabIndex = -1;
  const verdict = make("div", { className: "verdict" });
  verdict.append(
    seal(way),
    make("div", {}, title, make("p", { className: "quiet" }, told.about === "" ? name : `${name} · ${told.about}`)),
  );
  section.append(verdict);
  section.append(...points("What this proves", "proven", told.proven));
  section.append(...points("What is wrong", "wrong", told.wrong.slice(0, 20)));
  if (told.wrong.length > 20) section.append(make("p", { className: "quiet" }, `and ${told.wrong.length - 20} more`));
  if (told.advice !== "") section.append(make("p", { className: "keep" }, told.advice));
  section.append(...points("What this does not prove", "unproven", told.unproven));
  if (statement) {
    const whole = make("pre", { className: "words", tabIndex: 0 }, JSON.stringify(statement, null, 2));
    section.append(folded("What the receipt says", facts(said(statement)), folded("Word for word", whole)));
  }
  if (checkpoint) section.append(keep(trusted, checkpoint));
  if (trusted) {
    const list = facts(technical(trusted));
    list.classList.add("technical");
    section.append(folded("For experts", list));
  }
  return section;
}

/**
 * The parts of a statement in which a person finds themselves.
 * @param {import("../src/table.mjs").Table} statement
 * @returns {[string, string][]}
 */
function said(statement) {
  return SAID.flatMap(([label, path]) => {
    /** @type {unknown} */
    let value = statement;
    for (const part of path.split("."))
      value = value === null || typeof value !== "object" ? undefined : Reflect.get(value, part);
    const flat = Array.isArray(value) && value.every((one) => typeof one !== "object");
    const text = Array.isArray(value) ? (flat ? value.join(", ") : value.length) : value;
    return text === undefined || text === null || text === "" ? [] : [[label, plain(String(text))]];
  });
}

/**
 * Times to the minute, words without underlines.
 * @param {string} text
 * @returns {string}
 */
function plain(text) {
  const time = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):[\d.]+Z$/.exec(text);
  return time ? `${time[1]} at ${time[2]} UTC` : text.replaceAll("_", " ");
}

/**
 * @param {import("../src/policy.mjs").Trusted | undefined} trusted
 * @param {Uint8Array} checkpoint
 * @returns {HTMLElement}
 */
function keep(trusted, checkpoint) {
  const button = make("button", { type: "button" }, "Save this state");
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([new Uint8Array(checkpoint)], { type: "text/plain" }));
    link.download = `${(trusted?.checkpoint.origin ?? "log").replace(/[^A-Za-z0-9.-]+/g, "-")}-${trusted?.checkpoint.size}.checkpoint`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  const why = make(
    "p",
    {},
    "Keep the signed state of the log. Drop it here with a later copy, and you see whether anything was rewritten in between.",
  );
  return make("div", { className: "keep" }, button, why);
}

/**
 * @param {string} title
 * @param {string} className
 * @param {string[]} items
 * @returns {HTMLElement[]}
 */
function points(title, className, items) {
  if (items.length === 0) return [];
  const list = make("ul", { className: `points ${className}` }, ...items.map((item) => make("li", {}, item)));
  return [make("h3", {}, title), list];
}

/**
 * @param {[string, string][]} rows
 * @returns {HTMLElement}
 */
function facts(rows) {
  return make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

/**
 * @param {string} title
 * @param {...HTMLElement} body
 * @returns {HTMLElement}
 */
function folded(title, ...body) {
  return make("details", {}, make("summary", {}, title), ...body);
}

/**
 * @param {keyof typeof SEALS} way
 * @returns {SVGElement}
 */
function seal(way) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("class", "seal");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SEALS[way]);
  picture.append(path);
  return picture;
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Partial<HTMLElementTagNameMap[Name]>} properties
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
