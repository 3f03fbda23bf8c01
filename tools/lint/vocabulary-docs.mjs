/** Checks that the documents use the words of the glossary, as the ESLint rule does for sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { retiredWordIn } from './retired-words.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

let failures = 0;
for (const document of documents) {
  readFileSync(root + document, 'utf8')
    .split('\n')
    .forEach((line, i) => {
      const found = /deprecated|former name|earlier version/.test(line)
        ? null
        : retiredWordIn(line.replace(/`[^`]*`/g, ''));
      if (found === null) return;
      failures += 1;
      console.log(`${document}:${i + 1}: "${found.word}": write ${found.use}`);
    });
}
console.log(`${documents.length} documents, ${failures} retired words`);
process.exitCode = failures === 0 ? 0 : 1;
