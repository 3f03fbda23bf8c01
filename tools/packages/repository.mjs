import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

/** A JSON file of this repository. */
export const readJson = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));

/**
 * Where this repository is published: `repository` of the root's package.json, the one place that states it.
 *
 * @returns {{ git: string, web: string }} the address that git clones, and that of the pages
 * @throws where it is neither `github:owner/name` nor the https address of a git repository
 */
export function repositoryAddress() {
  const { repository } = readJson('package.json');
  const [, owner] = /^github:([\w.-]+\/[\w.-]+)$/.exec(repository) ?? [];
  const web = owner === undefined ? repository.replace(/\.git$/, '') : `https://github.com/${owner}`;
  if (!/^https:\/\/[^/\s]+\/\S+[^/]$/.test(web))
    throw new Error(`package.json: repository is "${repository}", expected github:owner/name or https://…`);
  return { git: `git+${web}.git`, web };
}
