/** The look of the doctor's page, in a light and a dark room. */
export const reportStyle = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c1e21; --quiet: #5d646d; --line: #dcdfe4; --card: #f5f6f8;
  --problem: #b3261e; --warning: #8a5a00; --note: #2f5f9e; --fine: #2c6e3f; --bar: #b9c6dc; }
@media (prefers-color-scheme: dark) { :root { --paper: #15171a; --ink: #e6e8eb; --quiet: #9aa2ac; --line: #33383f; --card: #1e2126;
  --problem: #ff8a80; --warning: #f0b95a; --note: #8fb8f0; --fine: #86cf9a; --bar: #3a4a63; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; overflow-wrap: anywhere; }
header p, footer p { margin: .25rem 0 0; color: var(--quiet); }
footer { padding-top: 1rem; padding-bottom: 3rem; }
h2 { margin: 0 0 .25rem; font-size: 1.2rem; }
section { border-top: 1px solid var(--line); padding: 1.25rem 0; }
section > p { margin: 0 0 .75rem; max-width: 50rem; }
a { color: inherit; }
code { font: .9em ui-monospace, monospace; }
.verdicts { list-style: none; margin: 1.5rem 0; padding: 0; columns: 20rem; }
.verdicts li { display: flex; gap: .5rem; align-items: flex-start; padding: .15rem 0; break-inside: avoid; }
.verdicts .level { flex: none; margin-top: .15rem; }
.level { display: inline-block; min-width: 5.2em; padding: 0 .5em; border: 1px solid; border-radius: 1em; text-align: center;
  font-size: .78rem; font-weight: 600; line-height: 1.6; vertical-align: .1em; }
.level.problem { color: var(--problem); } .level.warning { color: var(--warning); } .level.note { color: var(--note); } .level.fine { color: var(--fine); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .9rem .2rem 0; text-align: right; font-weight: 400; white-space: nowrap; }
th:first-child { text-align: left; }
thead th, .total th, .total td { font-weight: 600; }
.bar { display: inline-block; width: calc(var(--part) * 7rem); height: .7em; margin-right: .5rem; background: var(--bar); border-radius: 2px; }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; align-items: flex-start; }
.group { display: flex; flex-wrap: wrap; gap: .35rem; padding: .5rem; border-radius: 8px; background: var(--card); }
figure { margin: 0; max-width: 7.5rem; }
.tile { border-radius: 4px; background-repeat: no-repeat; background-color: var(--line); }
figcaption { display: flex; flex-direction: column; font-size: .72rem; line-height: 1.3; color: var(--quiet); }
figcaption span:first-child { color: var(--ink); }
.more { align-self: center; font-size: .8rem; color: var(--quiet); }
.rest { margin: .75rem 0 0; color: var(--quiet); font-size: .9rem; }
`;
