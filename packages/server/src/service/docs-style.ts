/** The style sheet of the docs page, in the studio's colours. */

export const docsStyle = `:root {
  color-scheme: light dark;
  --paper: #f6f3ec; --surface: #fffdf8; --sunken: #ece7dc; --ink: #1d1b18; --muted: #665f55; --line: #ddd6c8; --accent: #17594f; --warn: #a34a00;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", P052, Charter, Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "Liberation Mono", Menlo, monospace;
}
@media (prefers-color-scheme: dark) {
  :root { --paper: #121314; --surface: #1b1c1e; --sunken: #28292c; --ink: #efece6; --muted: #a8a298; --line: #313236; --accent: #8fd0c4; --warn: #f0a35e; }
}
* { box-sizing: border-box; }
html { font-size: clamp(15px, 14.4px + 0.1vw, 18px); scroll-behavior: smooth; scroll-padding-top: 1.5rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 400 1rem/1.55 var(--sans); text-rendering: optimizeLegibility; }
a { color: var(--accent); text-underline-offset: 0.2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 4px; }
.layout { display: grid; grid-template-columns: 15rem minmax(0, 1fr); max-width: 76rem; margin: 0 auto; }
nav { position: sticky; top: 0; align-self: start; height: 100vh; overflow: auto; padding: 2.5rem 1rem 2rem 1.5rem; font-size: 0.9rem; }
nav .name { font: 600 1.6rem/1 var(--serif); color: var(--ink); text-decoration: none; display: block; margin-bottom: 1.6rem; }
nav h2 { font: 600 0.72rem/1 var(--sans); letter-spacing: 0.09em; text-transform: uppercase; color: var(--muted); margin: 1.5rem 0 0.5rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: block; padding: 0.22rem 0; color: var(--ink); text-decoration: none; }
nav li a:hover { color: var(--accent); }
main { padding: 2.5rem clamp(1rem, 4vw, 3rem) 5rem; min-width: 0; }
h1 { font: 600 clamp(2rem, 5vw, 3rem)/1.1 var(--serif); margin: 0 0 0.6rem; text-wrap: balance; }
main > p.lead { max-width: 44rem; font-size: 1.08rem; color: var(--muted); margin: 0 0 2rem; }
h2.group { font: 600 1.7rem/1.2 var(--serif); margin: 3rem 0 1rem; }
section { background: var(--surface); border: 1px solid var(--line); border-radius: 14px; padding: 1.4rem clamp(1rem, 3vw, 1.8rem) 1.6rem; margin: 0 0 1.2rem; }
section > h3 { font: 600 1.15rem/1.3 var(--sans); margin: 0 0 0.3rem; }
.address { font: 500 0.95rem/1.4 var(--mono); overflow-wrap: anywhere; margin: 0 0 0.8rem; }
.method { display: inline-block; font-weight: 700; font-size: 0.78rem; letter-spacing: 0.05em; padding: 0.12rem 0.5rem; margin-right: 0.5rem; border-radius: 999px; background: var(--accent); color: var(--surface); }
.method.get { background: transparent; color: var(--accent); box-shadow: inset 0 0 0 1.5px var(--accent); }
section p { max-width: 46rem; margin: 0 0 0.9rem; }
h4 { font: 600 0.72rem/1 var(--sans); letter-spacing: 0.09em; text-transform: uppercase; color: var(--muted); margin: 1.4rem 0 0.5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
td { padding: 0.45rem 1rem 0.45rem 0; border-top: 1px solid var(--line); vertical-align: top; }
td:first-child { white-space: nowrap; font-family: var(--mono); font-size: 0.86rem; }
td:nth-child(2) { color: var(--muted); min-width: 8rem; }
td:last-child { width: 60%; padding-right: 0; }
code { font: 0.88em var(--mono); background: var(--sunken); border-radius: 5px; padding: 0.1em 0.35em; }
pre { font: 0.84rem/1.55 var(--mono); background: var(--sunken); border-radius: 10px; padding: 0.9rem 1rem; margin: 0; overflow-x: auto; tab-size: 2; }
pre code { background: none; padding: 0; font: inherit; }
.refused td:first-child { color: var(--warn); }
details { margin-top: 1.2rem; }
summary { cursor: pointer; color: var(--accent); font-size: 0.92rem; }
@media (max-width: 52rem) {
  .layout { grid-template-columns: minmax(0, 1fr); }
  nav { position: static; height: auto; padding: 1.5rem 1.2rem 0; }
  nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; }
  main { padding-top: 1.5rem; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
`;
