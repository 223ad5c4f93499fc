/** The look of the evaluation's page, in a light and a dark room, on a desk and on a phone. */
export const evaluationStyle = `
:root { color-scheme: light dark; --paper: #fbfbfa; --ink: #1b1d21; --quiet: #5a616b; --line: #dfe2e7; --card: #ffffff;
  --first: #1f5fa8; --second: #b4500c; --shade: .74; --warn: #8a4b00; --warn-card: #fff4e2; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --ink: #e7e9ec; --quiet: #a0a8b2; --line: #31363e; --card: #1b1e23;
  --first: #7fb2f0; --second: #f2a25c; --shade: .54; --warn: #ffd08a; --warn-card: #33260f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
header, main, footer { max-width: 64rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.25rem; }
h1 { margin: 0; font-size: 1.75rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0 0 .5rem; font-size: 1.2rem; line-height: 1.3; }
h3 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
p { margin: .35rem 0; max-width: 46rem; }
a { color: inherit; }
a:focus-visible, summary:focus-visible, .wide:focus-visible { outline: 2px solid var(--first); outline-offset: 2px; }
.quiet, .note { color: var(--quiet); }
.note { font-size: .9rem; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .8rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 1rem 0 0; padding: 0; font-size: .95rem; }
section { border-top: 1px solid var(--line); padding: 1.75rem 0; margin-top: 1.75rem; }
.warning { margin: 1rem 0 0; padding: .7rem 1rem; border-left: 4px solid var(--warn); background: var(--warn-card); border-radius: 0 6px 6px 0; max-width: none; }
.headline { display: grid; grid-template-columns: repeat(auto-fill, minmax(11.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; padding: 0; }
.headline div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem; }
.headline dt { color: var(--quiet); font-size: .85rem; }
.headline dd { margin: 0; font-size: 1.55rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.headline dd small { display: block; font-size: .8rem; font-weight: 400; color: var(--quiet); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 1.75rem 2rem; align-items: start; margin-top: 1.25rem; }
figure { margin: 0; min-width: 0; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 22rem; max-width: 34rem; height: auto; }
figcaption { margin-top: .5rem; font-size: .88rem; color: var(--quiet); max-width: 34rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; color: var(--quiet); font-size: .88rem; padding-bottom: .35rem; }
th, td { padding: .28rem .95rem .28rem 0; text-align: right; font-weight: 400; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child, td.text { text-align: left; }
thead th { color: var(--quiet); font-size: .85rem; }
details { margin-top: .75rem; }
summary { cursor: pointer; color: var(--quiet); font-size: .9rem; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-right: .35em; background: var(--first); }
.key.second { background: var(--second); }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(5.75rem, 1fr)); gap: .9rem .75rem; list-style: none; margin: 0; padding: 0; }
.gallery img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: 6px; background: var(--line); }
.gallery span { display: block; font-size: .78rem; line-height: 1.35; margin-top: .25rem; }
footer { padding-top: .5rem; padding-bottom: 3rem; }
@media (max-width: 30rem) { header, main, footer { padding-left: 1rem; padding-right: 1rem; } .headline { grid-template-columns: 1fr 1fr; } .headline dd { font-size: 1.3rem; } }
@media print { body { background: #fff; } details > * { display: block; } section { break-inside: avoid-page; } }
`;
