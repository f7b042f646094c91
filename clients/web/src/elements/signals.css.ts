export const SIGNALS = `
.signals { background: var(--ground); border-radius: var(--radius); padding: clamp(0.75rem, 3cqi, 1.25rem); display: grid; gap: 0.9rem; }
.badge { display: flex; gap: 0.6rem; align-items: center; font-weight: 600; }
.badge::before { content: ""; inline-size: 0.8rem; block-size: 0.8rem; border-radius: 50%; border: 2px solid var(--edge); flex: none; }
.badge.on::before { background: var(--good); border-color: var(--good); }
.senses li { display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; align-items: center; justify-content: space-between; min-block-size: 3.25rem; border-block-start: 1px solid var(--line); }
.ways { display: grid; gap: 0.5rem; grid-template-columns: repeat(auto-fit, minmax(min(10rem, 100%), 1fr)); }
.sure { border: 1px solid var(--alert); border-radius: var(--radius); padding: 0.9rem; display: grid; gap: 0.7rem; background: var(--surface); }
.signals > :empty { display: none; }
.signals > button.plain { justify-self: start; }
.own { display: grid; gap: 0.5rem; }
`;
