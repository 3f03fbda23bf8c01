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
thead th { color: var(--soft); font-weight: 500; white-space: normal; overflow-wrap: normal; vertical-align: bottom; }
.nowrap { white-space: nowrap; }
tbody th { font-weight: 600; }
ul { padding-left: 1.2rem; }
.alarm strong { color: var(--alarm); }
.lead { margin-top: 1rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); gap: .8rem; margin: .8rem 0; }
.card { padding: .8rem 1rem; background: var(--card); border-radius: .5rem; break-inside: avoid; }
.card h2 { margin: 0; font-size: .95rem; font-weight: 500; color: var(--soft); }
.card .answer { margin: .1rem 0 .2rem; font-size: 1.45rem; font-weight: 650; line-height: 1.25; }
.card .soft { margin: 0; font-size: .85rem; }
.pareto svg { max-width: 46rem; margin: 0 auto; }
.single svg { max-width: 46rem; margin: 0 auto; }
.grid { stroke: var(--rule); stroke-width: 1; }
.tick { fill: var(--soft); font: 11px system-ui, sans-serif; }
.front { fill: none; stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 4 4; }
.point { fill: var(--mark); fill-opacity: .75; stroke: var(--paper); stroke-width: 1.5; }
.bar { fill: var(--series-1); fill-opacity: .8; }
.diagonal { stroke: var(--soft); stroke-dasharray: 4 4; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: .6rem 0 0; padding: 0; list-style: none; font-size: .85rem; }
.mark { display: inline-block; width: .7rem; height: .7rem; margin-right: .4rem; border-radius: 50%; background: var(--mark); }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 0 2rem; }
.confusion { font-size: .8rem; }
.confusion th, .confusion td { padding: .25rem .35rem; min-width: 1.9rem; text-align: center; border: 1px solid var(--paper); }
.confusion tbody th { max-width: 11rem; overflow: hidden; text-overflow: ellipsis; text-align: left; }
.confusion td { background: color-mix(in srgb, var(--cell) var(--strength), var(--card)); }
.confusion .same { --cell: var(--series-3); }
.confusion .other { --cell: var(--series-2); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .6rem; }
.pictures figcaption { display: grid; margin: .4rem 0 0; font-size: .8rem; font-weight: 400; line-height: 1.35; }
.tile { max-width: 7rem; image-rendering: pixelated; }
.hidden { position: absolute; }
.sample { max-width: 100%; height: auto; min-width: min(100%, 24rem); image-rendering: pixelated; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: .4rem 0; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; }
code { display: block; font: 13px/1.6 ui-monospace, monospace; }
a { color: var(--series-1); }
.controls { display: flex; flex-wrap: wrap; gap: .8rem; align-items: center; margin: .8rem 0 1.2rem; }
.analysis { margin-top: 1.6rem; }
.analysis > summary { font-size: 1.1rem; font-weight: 600; color: var(--ink); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 1rem; }
.charts.single { max-width: 40rem; }
.charts.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); }
.charts.small svg { max-width: 16rem; }
.charts.small .tick { font-size: 9px; }
.sheets { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: 1rem; }
figure { margin: 0; padding: .8rem; background: var(--card); border-radius: .5rem; }
figcaption { margin-bottom: .4rem; font-weight: 600; }
figure svg { display: block; width: 100%; height: auto; }
figure img { display: block; width: 100%; height: auto; image-rendering: pixelated; }
details { margin-top: .8rem; }
summary { cursor: pointer; color: var(--soft); }
pre { margin: .5rem 0; padding: .8rem; background: var(--card); border-radius: .5rem; white-space: pre-wrap; font-size: 13px; }
@media (max-width: 40rem) {
  .data, .data tbody, .data tr, .data th, .data td { display: block; }
  .data thead { display: none; }
  .data tr { padding: .5rem 0; border-bottom: 1px solid var(--rule); }
  .data th, .data td { padding: .1rem 0; border: 0; white-space: normal; }
  .data td, .data td.word { text-align: right; }
  .data td::after { content: ''; display: block; clear: both; }
  .data td[data-label]::before { content: attr(data-label); float: left; margin-right: 1rem; color: var(--soft); }
  .pareto .tick { font-size: 19px; }
  .point { stroke-width: 2.5; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; }
}
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --card: #f4f4f4; --rule: #bbb; --alarm: #7a2c00;
    --series-1: #2563c9; --series-2: #c2570c; --series-3: #15803d; --series-4: #a21caf; --series-5: #0e7490; --series-6: #6b7280; }
  * { print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 11px; }
  .scroll { overflow: visible; }
  th, td { white-space: normal; padding-right: .4rem; }
  details::details-content { content-visibility: visible; height: auto; }
  details > * { display: block; }
  figure, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
`;
