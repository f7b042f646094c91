// One look for all elements. A page sets the `--cn-` variables; without them the colours follow its `color-scheme`.
export const BASE = `
:host {
  --ground: var(--cn-ground, light-dark(#faf8f4, #14181e));
  --surface: var(--cn-surface, light-dark(#ffffff, #1b2028));
  --ink: var(--cn-ink, light-dark(#1f2630, #e8eaed));
  --ink-soft: var(--cn-ink-soft, light-dark(#565f6b, #aab2bd));
  --line: var(--cn-line, light-dark(#dcd8cf, #323a45));
  --edge: var(--cn-edge, light-dark(#767d87, #808a97));
  --accent: var(--cn-accent, light-dark(#0b5d66, #7fd0d8));
  --good: var(--cn-good, light-dark(#2f6b21, #9ed58a));
  --warn: var(--cn-warn, light-dark(#7a5200, #e6bd6a));
  --alert: var(--cn-alert, light-dark(#a5301f, #ff9d8a));
  --radius: var(--cn-radius, 0.75rem);
  display: block;
  container-type: inline-size;
  color: var(--ink);
  font: 1rem/1.55 var(--cn-font, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif);
  text-align: start;
}
:host([hidden]) { display: none; }
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, h3, p, ul, ol, dl, dd, fieldset, legend { margin: 0; padding: 0; }
fieldset { border: 0; min-inline-size: 0; }
ul, ol { list-style: none; }
h2 {
  font-family: var(--cn-heading-font, "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, serif);
  font-size: 1.35rem; line-height: 1.25; letter-spacing: -0.01em; text-wrap: balance;
}
h3 { font-size: 1rem; }
.soft { color: var(--ink-soft); font-size: 0.92rem; }
.sheet { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 0.3rem; }
button, select, input {
  font: inherit; color: inherit; min-block-size: 2.75rem; border: 1px solid var(--edge); border-radius: 0.6rem;
  background: var(--surface);
}
button {
  padding: 0.4rem 1rem; font-weight: 600; cursor: pointer; color: var(--accent); border-color: var(--accent);
  overflow-wrap: anywhere; min-inline-size: 2.75rem;
}
button:hover { background: color-mix(in srgb, var(--accent) 9%, var(--surface)); }
button:disabled { color: var(--ink-soft); border-color: var(--line); cursor: default; }
button.plain { border-color: transparent; padding-inline: 0.5rem; background: none; }
button.grave { color: var(--alert); border-color: var(--alert); }
select, input[type="text"] { padding: 0.3rem 0.6rem; max-inline-size: 100%; }
.problem { border-inline-start: 4px solid var(--alert); padding: 0.6rem 0.9rem; background: var(--surface); }
.problem strong { color: var(--alert); }
kbd {
  font: 0.8em/1 ui-monospace, Menlo, Consolas, monospace; border: 1px solid var(--edge); border-radius: 0.3em;
  padding: 0.15em 0.4em;
}
@media (prefers-reduced-motion: no-preference) { button, input { transition: background-color 0.15s; } }
@media (forced-colors: active) { .sheet, .bar { border: 1px solid CanvasText; } }
`;
