/** The public entry points of the packages: every export of a package.json except what is internal or no code. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readJson, repositoryAddress } from '../packages/repository.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Address of the repository in a browser. */
export const repository = repositoryAddress().web;

/** Entry points that only this repository's own packages use: they can change at any time. */
const INTERNAL = ['./internal', './tensorflow', './worker'];

/** @returns {{ name: string, source: string }[]} how it is imported, and its absolute path */
export function entryPoints() {
  const folders = readdirSync(`${root}packages`).sort();
  return folders.flatMap((folder) => {
    const manifest = readJson(`packages/${folder}/package.json`);
    return Object.entries(manifest.exports)
      .filter(([key, target]) => !INTERNAL.includes(key) && target['@anc/source'] !== undefined)
      .map(([key, target]) => ({
        name: manifest.name + key.slice(1),
        source: `${root}packages/${folder}/${target['@anc/source'].slice(2)}`,
      }));
  });
}
