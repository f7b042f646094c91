export const CONSENT = `
.consent { background: var(--ground); border-radius: var(--radius); padding: clamp(1rem, 4cqi, 2rem); }
.bar { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; justify-content: end; margin-block-end: 1rem; }
.asking { display: grid; gap: 1.5rem; }
.notice { display: grid; gap: 1.1rem; max-inline-size: 44rem; overflow-wrap: anywhere; }
.notice h2 { margin-block-end: 0.5rem; }
.notice h3 { margin-block-end: 0.15rem; }
.opening p { font-size: 1.08rem; }
.notice li { padding-inline-start: 1rem; position: relative; }
.notice li + li { margin-block-start: 0.35rem; }
.notice li::before { content: "·" / ""; position: absolute; inset-inline-start: 0.2rem; font-weight: 700; }
.panel { padding: 1.1rem; display: grid; gap: 0.9rem; align-content: start; }
.consent > .panel { max-inline-size: 44rem; }
.choices { display: grid; gap: 0.15rem; }
.choice + .choice { border-block-start: 1px solid var(--line); }
.barred { padding-block: 0.6rem; }
.row { display: grid; grid-template-columns: 1fr auto auto; gap: 0.75rem; align-items: center; min-block-size: 3.25rem; cursor: pointer; padding-block: 0.4rem; }
.row .state { font-weight: 400; }
input[role="switch"] {
  appearance: none; margin: 0; inline-size: 3.25rem; block-size: 2.75rem; border: 0; background: none; position: relative; cursor: pointer;
}
input[role="switch"]::before {
  content: ""; position: absolute; inset-inline: 0; inset-block: 0.5rem; border-radius: 1rem;
  border: 2px solid var(--edge); background: var(--surface);
}
input[role="switch"]::after {
  content: ""; position: absolute; inset-block-start: 0.875rem; inset-inline-start: 0.4rem; inline-size: 1rem; block-size: 1rem;
  border-radius: 50%; background: var(--edge);
}
input[role="switch"]:checked::before { background: var(--accent); border-color: var(--accent); }
input[role="switch"]:checked::after { inset-inline-start: 1.85rem; background: var(--surface); }
input[role="switch"]:disabled { opacity: 0.45; cursor: default; }
.signing { display: grid; gap: 0.3rem; padding-block: 0.6rem; }
.signing label { font-weight: 600; }
input[aria-invalid="true"] { border: 2px solid var(--alert); }
.ways { display: grid; grid-template-columns: 1fr; gap: 0.6rem; }
.ways button { min-block-size: 3.25rem; }
.answers { display: grid; gap: 0.6rem; }
.answers li { border-block-start: 1px solid var(--line); padding-block-start: 0.6rem; display: grid; gap: 0.2rem; }
.answers code { font: 0.84rem/1.4 ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; color: var(--ink-soft); }
.answers button { justify-self: start; }
.said:empty { display: none; }
@container (max-width: 25rem) {
  .consent, .panel { padding: 0.9rem; }
  .row { grid-template-columns: 1fr auto; gap: 0 0.75rem; }
  .row > :first-child { grid-row: 1 / 3; }
  .row .state { grid-area: 2 / 2; justify-self: center; }
  .row input { grid-area: 1 / 2; }
}
@container (min-width: 26rem) { .ways { grid-template-columns: 1fr 1fr; } }
@container (min-width: 52rem) {
  .asking { grid-template-columns: minmax(0, 1fr) 22rem; }
  .panel { position: sticky; inset-block-start: 1rem; align-self: start; }
  .asking .ways { grid-template-columns: 1fr; }
}
@media (forced-colors: active) {
  input[role="switch"]::after { background: ButtonText; }
  input[role="switch"]:checked::after { background: Highlight; }
}
`;
