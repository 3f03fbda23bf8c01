/** Writes the API reference to docs/api: a page per public entry point, from the comments in the sources. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { entryPoints, root } from './entry-points.mjs';

const FOLDER = `${root}docs/api`;

/** TypeDoc's name of an entry point: its path without the ending. */
const nameOf = (source) => source.slice(root.length).replace(/(\/index)?\.ts$/, '');

/**
 * @param sources what `readSources` gave
 * @returns {Promise<number>} how many pages were written
 */
export async function writeApiPages({ app, project }) {
  const names = new Map(entryPoints().map(({ name, source }) => [nameOf(source), name]));
  for (const module of project.children) {
    if (!names.has(module.name)) throw new Error(`${module.name} is no entry point`);
    module.name = names.get(module.name);
  }
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  await app.generateOutputs(project);
  // For the sidebar.
  const modules = [...names.values()].map((text) => ({ text, link: `/api/${text}` }));
  writeFileSync(`${FOLDER}/modules.json`, JSON.stringify(modules));
  const pages = readdirSync(FOLDER, { recursive: true }).filter((path) => path.endsWith('.md'));
  return pages.length;
}
