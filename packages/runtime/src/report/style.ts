/** The page's style sheet, for light and dark mode, narrow screens and print. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1d2129; --soft: #59606c; --paper: #ffffff; --card: #f6f7f9; --rule: #d5d9e0; --alarm: #a33b00;
  --series-1: #2563c9; --series-2: #c2570c; --series-3: #15803d; --series-4: #a21caf; --series-5: #0e7490; --series-6: #6b7280;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e7ec; --soft: #a3abb8; --paper: #14171c; --card: #1d2128; --rule: #3a414c; --alarm: #ffb27a;
    --series-1: #7aa9ff; --series-2: #ffa45c; --series-3: #5fd68b; --series-4: #e58bf2; --series-5: #56cfe1; --series-6: #a8b0bd;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; font: 15px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; }
h3 { margin: 1.4rem 0 .6rem; font-size: 1rem; }
h2 { margin: 2.2rem 0 .6rem; font-size: 1.2rem; }
p, ul { margin: .4rem 0; }
.soft { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem .35rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child, td.word, th.word { text-align: left; }
thead th { color: var(--soft); font-weight: 500; }
tbody th { font-weight: 600; }
ul { padding-left: 1.2rem; }
.alarm strong { color: var(--alarm); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 1rem; }
.sheets { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: 1rem; }
figure { margin: 0; padding: .8rem; background: var(--card); border-radius: .5rem; }
figcaption { margin-bottom: .4rem; font-weight: 600; }
figure svg { display: block; width: 100%; height: auto; }
figure img { display: block; width: 100%; height: auto; image-rendering: pixelated; }
details { margin-top: .8rem; }
summary { cursor: pointer; color: var(--soft); }
pre { margin: .5rem 0; padding: .8rem; background: var(--card); border-radius: .5rem; white-space: pre-wrap; font-size: 13px; }
@media print { details > * { display: block; } figure { break-inside: avoid; } }
`;
