/** The public entry points of the packages: every export of a package.json except what is internal or no code. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Address of the repository in a browser, as the packages name it. */
export const repository = JSON.parse(
  readFileSync(`${root}packages/cli/package.json`, 'utf8'),
).repository.url.replace(/^git\+|\.git$/g, '');

/** Entry points that only this repository's own packages use: they can change at any time. */
const INTERNAL = './internal';

/** @returns {{ name: string, source: string }[]} how it is imported, and its absolute path */
export function entryPoints() {
  const folders = readdirSync(`${root}packages`).sort();
  return folders.flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(`${root}packages/${folder}/package.json`, 'utf8'));
    return Object.entries(manifest.exports)
      .filter(([key, target]) => key !== INTERNAL && target['@anc/source'] !== undefined)
      .map(([key, target]) => ({
        name: manifest.name + key.slice(1),
        source: `${root}packages/${folder}/${target['@anc/source'].slice(2)}`,
      }));
  });
}
