/**
 * Keeps what npm shows of our packages the same in all of them: author, repository, homepage, bugs, the links of their
 * READMEs, and the range of `@anc/core` that they accept beside themselves. Also finds peers that are not passed on, and
 * packages that the root does not compile.
 *
 *   node tools/packages/metadata.mjs --check    lists what differs, and fails
 *   node tools/packages/metadata.mjs --write    writes it, after the address or the version was changed
 *
 * The repository's address is `repository` in the root's package.json. The range of core is that of the plugin API, see
 * docs/versions.md: from the package's own version up to the next version of the API.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { publishedPackages } from '../supply/sbom.mjs';
import { undeclaredPeers } from './peers.mjs';
import { readJson, repositoryAddress } from './repository.mjs';

const { values: options } = parseArgs({
  options: { check: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});
if (options.check === options.write) {
  console.error('give either --check or --write');
  process.exit(2);
}

const CORE = '@anc/core';
const { author } = readJson('package.json');
const { git, web } = repositoryAddress();

/** The version of the plugin API is a major version of core: version 1 is 0.x. */
function coreRange(version) {
  const source = readFileSync('packages/core/src/contracts/plugin.ts', 'utf8');
  const [, api] = /PLUGIN_API_VERSION = (\d+);/.exec(source);
  return `>=${version} <${api}.0.0`;
}

/** A manifest with the shared fields, in the order of npm's documentation. */
function completed(folder, manifest) {
  const { name, version, description, keywords, license, ...rest } = manifest;
  const shared = {
    author,
    homepage: `${web}/tree/main/${folder}#readme`,
    repository: { type: 'git', url: git, directory: folder },
    bugs: { url: `${web}/issues` },
  };
  const all = { name, version, description, keywords, license, ...shared };
  for (const [key, value] of Object.entries(rest)) if (!(key in shared)) all[key] = value;
  if (all.peerDependencies?.[CORE] !== undefined)
    all.peerDependencies = { ...all.peerDependencies, [CORE]: coreRange(version) };
  return all;
}

/** Pages that show plugins the range of core. */
const SHOW_RANGE = ['docs/plugins.md', 'docs/versions.md', 'packages/core/README.md'];
const withRange = (text, range) => text.replace(/("@anc\/core": )">=[^"]+"/g, `$1"${range}"`);

const PAGE = /https:\/\/[^\s()<>"]+?\/(blob|tree)\/main\/([^\s()<>"]+)/g;

/** A README's links to files of this repository, at its address. */
const relinked = (text) => text.replace(PAGE, (_all, kind, path) => `${web}/${kind}/main/${path}`);

/** Links that lead nowhere on npm: relative ones, and those to files that do not exist. */
function brokenLinks(text) {
  const prose = text.replace(/^```[^]*?^```/gm, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  const relative = targets.filter((target) => !/^(https:\/\/|#)/.test(target));
  const missing = [...prose.matchAll(PAGE)].filter(([, , path]) => !existsSync(path.replace(/#.*$/, '')));
  return [
    ...relative.map((target) => `${target} is relative, which npm's page cannot follow`),
    ...missing.map(([address]) => `${address} is a file that does not exist`),
  ];
}

/** Whether the root's file compiles `tsconfig.lib.json` or `tsconfig.spec.json` of a package. */
const compiles = (file, path) =>
  readJson(file).references.some((reference) => reference.path === `./${path}`);

/** What an author writes, and this script cannot. */
function omissions(folder, manifest, readme) {
  const has = [
    [manifest.description?.length > 20, 'no description'],
    [manifest.keywords?.length >= 3, 'fewer than three keywords'],
    [readme.startsWith(`# ${manifest.name}\n`), `README.md does not start with "# ${manifest.name}"`],
    [/^```(js|sh)\n/m.test(readme), 'README.md has no example in ```js or ```sh'],
    [readme.includes(`${web}/blob/main/docs/`), 'README.md links to no page of docs/'],
    [compiles('tsconfig.json', `${folder}/tsconfig.lib.json`), "the root's tsconfig.json leaves it out"],
    [
      compiles('tsconfig.spec.json', `${folder}/tsconfig.spec.json`),
      'tsconfig.spec.json leaves its tests out',
    ],
  ];
  return has.filter(([holds]) => !holds).map(([, problem]) => `${folder}: ${problem}`);
}

const problems = [];

/** Writes a file that differs from what it should be, or reports it. */
function settle(path, before, after) {
  if (before === after) return;
  if (options.write) writeFileSync(path, after);
  else problems.push(`${path} is not up to date: node tools/packages/metadata.mjs --write`);
}

for (const [folder, manifest] of Object.entries(publishedPackages())) {
  const path = join(folder, 'package.json');
  settle(path, readFileSync(path, 'utf8'), `${JSON.stringify(completed(folder, manifest), null, 2)}\n`);
  const page = join(folder, 'README.md');
  const readme = existsSync(page) ? readFileSync(page, 'utf8') : '';
  settle(page, readme, relinked(readme));
  problems.push(
    ...omissions(folder, manifest, relinked(readme)),
    ...undeclaredPeers(manifest),
    ...brokenLinks(relinked(readme)).map((problem) => `${page}: ${problem}`),
  );
}

for (const page of SHOW_RANGE) {
  const text = readFileSync(page, 'utf8');
  settle(page, text, withRange(text, coreRange(readJson('packages/core/package.json').version)));
}

for (const problem of problems) console.log(problem);
if (problems.length === 0) console.log(`the packages' metadata and READMEs are those of ${web}`);
process.exitCode = problems.length === 0 ? 0 : 1;
