import { relative } from 'node:path';
import { readFileSync } from 'node:fs';
import { EQUIVALENT } from './equivalent.mjs';

/**
 * The score of an area as Stryker counts it (killed and timed out, of all), and the mutants that no test noticed: those that
 * `equivalent.mjs` explains are counted, the others listed.
 *
 * @returns {{ score: number, text: string }}
 */
export function summaryOf(area, results, root) {
  const count = (...statuses) => results.filter(({ status }) => statuses.includes(status)).length;
  const detected = count('Killed', 'Timeout');
  const missed = results
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map((mutant) => describe(mutant, root));
  const unexplained = missed.filter((mutant) => !EQUIVALENT.some((entry) => explains(entry, mutant)));
  const score = (100 * detected) / (detected + missed.length);
  const head =
    `${area}: ${detected} of ${detected + missed.length} mutants noticed, ${score.toFixed(1)} %; ` +
    `${missed.length - unexplained.length} of the others change nothing that can be observed, ${unexplained.length} might`;
  const lines = unexplained.map(({ file, line, from, to }) => `  ${file}:${line}: ${from} -> ${to}`);
  return { score, text: [head, ...lines].join('\n') };
}

/** Where a mutant is, and its text before and after, each on one line. */
function describe({ fileName, location: { start, end }, replacement = '' }, root) {
  const lines = readFileSync(fileName, 'utf8').split('\n');
  // Lines and columns count from 1.
  const found = lines.slice(start.line - 1, end.line);
  found[found.length - 1] = found.at(-1).slice(0, end.column - 1);
  found[0] = found[0].slice(start.column - 1);
  const line = (text) => text.replaceAll(/\s+/g, ' ').trim();
  const file = relative(root, fileName).replaceAll('\\', '/');
  return { file, line: start.line, from: line(found.join(' ')), to: line(replacement) };
}

const explains = (entry, { file, from, to }) =>
  file.endsWith(`/${entry.file}`) && entry.mutants.some(([before, after]) => before === from && after === to);
