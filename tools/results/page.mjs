/**
 * Writes docs/results.md from the measurements in measured/: `node tools/results/page.mjs`. With --check it writes
 * nothing and fails where the page is not what they make.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { comparisonSection } from './comparison-section.mjs';
import { experiments, named } from './experiments.mjs';
import { givenTeacherSection } from './given-teacher-section.mjs';
import { tuningSection } from './tuning-section.mjs';

const PAGE = new URL('../../docs/results.md', import.meta.url);
const MEASURED = new URL('measured/', import.meta.url);

const INTRODUCTION = `# Results

Every figure here was measured with the command beside it. The page is generated from the output of the commands:

\`\`\`sh
node tools/results/measure.mjs fashion-mnist --limit-train 20000 --epochs 3
node tools/results/page.mjs
\`\`\`

The first one may be stopped and repeated, and then continues; \`--dry-run\` prints what it would run. Test error and agreement with the
teacher are in per cent, ± is a 95 % t-interval over the seeds, differences are percentage points taken seed by seed.
The intervals do not cover another teacher or other data.
`;

/** Title and notes as they are worded now; a measurement keeps those of its time. */
function wordingOf(name) {
  const { title, notes, preset } = named[name] ?? experiments[name] ?? {};
  return {
    ...(title !== undefined && { title }),
    ...(notes !== undefined && { notes }),
    ...(preset !== undefined && { preset }),
  };
}

/** Measurements by title: comparisons first. */
async function measurements() {
  const names = (await readdir(MEASURED)).filter((name) => name.endsWith('.json')).sort();
  const all = await Promise.all(
    names.map(async (name) => ({
      ...JSON.parse(await readFile(new URL(name, MEASURED), 'utf8')),
      ...wordingOf(name.replace(/\.json$/, '')),
    })),
  );
  const isGivenTeacher = ({ rows }) => rows !== undefined;
  const isTuning = ({ parts }) => parts?.[0].result.heldOutImages !== undefined;
  return [
    ...all.filter((one) => !isTuning(one) && !isGivenTeacher(one)).map(comparisonSection),
    ...all.filter(isTuning).map(tuningSection),
    ...all.filter(isGivenTeacher).map(givenTeacherSection),
  ];
}

const text = [INTRODUCTION, ...(await measurements())].join('\n');
const page = await format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
if (!process.argv.includes('--check')) await writeFile(PAGE, page);
else if ((await readFile(PAGE, 'utf8')) !== page) {
  console.error('docs/results.md is out of date with tools/results: run node tools/results/page.mjs.');
  process.exitCode = 1;
}
