/**
 * Fails where an export or a public member of a package has no documentation comment, or a comment links to nothing; writes
 * the API reference to docs/api.
 */
import { writeApiPages } from './api-pages.mjs';
import { readSources } from './typedoc.mjs';
import { undocumented } from './undocumented.mjs';

const sources = await readSources();
const { checked, missing } = undocumented(sources);
for (const { file, line, kind, name } of missing)
  console.log(`${file}:${line}: ${kind} ${name} has no comment`);
sources.app.validate(sources.project); // logs links to nothing
const pages = await writeApiPages(sources);
console.log(
  `API: ${checked} exports and public members, ${missing.length} without a comment; ${pages} pages in docs/api`,
);
const { errorCount, warningCount } = sources.app.logger;
process.exitCode = missing.length + errorCount + warningCount === 0 ? 0 : 1;
