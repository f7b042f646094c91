export const COACH = `
.coach { background: var(--ground); border-radius: var(--radius); padding: clamp(0.75rem, 3cqi, 1.5rem); display: grid; gap: 1rem; }
.top { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: space-between; }
.people { display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); }
.person { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 0.9rem 1.1rem; display: grid; gap: 0.45rem; align-content: start; }
.name { font: inherit; letter-spacing: 0; color: var(--ink-soft); font-weight: 600; overflow-wrap: anywhere; }
.word { font-size: 1.2rem; line-height: 1.3; font-weight: 600; overflow-wrap: anywhere; }
.word.unsure { font-weight: 400; color: var(--ink-soft); font-style: italic; }
.band { position: relative; block-size: 0.9rem; border-radius: 0.45rem; background: var(--ground); border: 1px solid var(--line); overflow: hidden; }
.range { position: absolute; inset-block: 0; background: var(--accent); opacity: 0.85; }
.band[data-certainty="1"] .range { opacity: 0.6; }
.band[data-certainty="2"] .range { opacity: 0.35; }
.mark { position: absolute; inset-block: 0; inline-size: 3px; margin-inline-start: -1px; background: var(--ink); }
.chips { display: flex; flex-wrap: wrap; gap: 0.4rem; }
.chip { display: inline-flex; align-items: center; gap: 0.4rem; border: 1px solid var(--line); border-radius: 1.2rem; padding: 0.1rem 0.7rem; font-size: 0.9rem; }
.chip::before { content: ""; inline-size: 0.6rem; block-size: 0.6rem; border-radius: 50%; border: 2px solid var(--edge); flex: none; }
.chip.on::before { background: var(--good); border-color: var(--good); }
.chip.off { border-style: dashed; color: var(--ink-soft); }
.chip.none::before { border-color: var(--warn); border-style: dashed; }
.card { padding: 1rem 1.1rem; display: grid; gap: 0.7rem; border-color: var(--accent); border-inline-start-width: 4px; }
.card .text { font-size: 1.15rem; line-height: 1.35; font-weight: 600; overflow-wrap: anywhere; }
.ways { display: grid; gap: 0.5rem; grid-template-columns: repeat(auto-fit, minmax(min(9rem, 100%), 1fr)); }
summary { cursor: pointer; color: var(--accent); min-block-size: 2.75rem; display: flex; align-items: center; font-weight: 600; }
summary::before { content: "+" / ""; inline-size: 1.2rem; }
details[open] > summary::before { content: "–" / ""; }
.why { display: grid; gap: 0.3rem; padding-inline-start: 1.2rem; list-style: disc; }
a { color: var(--accent); }
.why a { display: inline-block; padding-block: 0.4rem; }
.said { display: grid; gap: 0.3rem; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (forced-colors: active) { .range, .mark, .chip.on::before { forced-color-adjust: none; } }
`;
