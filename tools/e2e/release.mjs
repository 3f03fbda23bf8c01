import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { npmrc } from './local-registry.mjs';
import { expect, run } from './processes.mjs';

/**
 * Copies this repository's last commit with what was built, so that releases of it change nothing here.
 *
 * @param {string} folder to be created
 * @param {string} registry address of the registry that `publish` uses there
 */
export function copyOfRepository(folder, registry) {
  const git = (...args) => run('git', args, { cwd: folder });
  run('git', ['clone', '--quiet', '--local', process.cwd(), folder], { cwd: process.cwd() });
  // A history of its own: changesets fetches the rest of a shallow one without end where there is no rest to be had.
  rmSync(join(folder, '.git'), { recursive: true });
  git('init', '--quiet');
  git('config', 'user.name', 'release');
  git('config', 'user.email', 'release@localhost');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'before the release');
  for (const name of readdirSync('packages'))
    cpSync(join('packages', name, 'dist'), join(folder, 'packages', name, 'dist'), { recursive: true });
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  appendFileSync(join(folder, '.npmrc'), npmrc(registry));
}

/** Adds a changeset, as `npx changeset` does: so much changes in every package, since all share one version. */
export function addChangeset(copy, bump, text) {
  const name = `e2e-${bump}.md`;
  writeFileSync(join(copy, '.changeset', name), `---\n'@anc/core': ${bump}\n---\n\n${text}\n`);
}

/** Publishes the packages of the version that the repository has, before anything is released. Returns that version. */
export function publishAsIs(copy) {
  withoutProvenance(copy);
  run('npm', ['publish', '--workspaces', '--ignore-scripts', '--loglevel=error'], { cwd: copy });
  run('git', ['checkout', '--quiet', 'packages'], { cwd: copy });
  return JSON.parse(readFileSync(join(copy, 'packages/cli/package.json'), 'utf8')).version;
}

/** Only a workflow of a public repository can prove where a package comes from. Returns the manifests. */
const withoutProvenance = (copy) =>
  readdirSync(join(copy, 'packages')).map((name) => {
    const path = join(copy, 'packages', name, 'package.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...manifest, publishConfig: { access: 'public' } }, null, 2));
    return manifest;
  });

/**
 * Releases by the commands of docs/versions.md: versions and CHANGELOGs from changesets, then `changeset publish`.
 *
 * @returns {string} the version of all packages
 */
export function release(copy) {
  run('npm', ['run', '--silent', 'release:version'], { cwd: copy });
  run('npx', ['--no', '--', 'prettier', '--check', 'package-lock.json', 'packages/*/package.json'], {
    cwd: copy,
  });
  run('git', ['add', '--all'], { cwd: copy });
  run('git', ['commit', '--quiet', '--message', 'release'], { cwd: copy });
  const manifests = withoutProvenance(copy);
  for (const name of readdirSync(join(copy, 'packages')))
    expect(existsSync(join(copy, 'packages', name, 'CHANGELOG.md')), `packages/${name} has no CHANGELOG.md`);
  const versions = new Set(manifests.map(({ version }) => version));
  expect(versions.size === 1, `packages of several versions: ${[...versions].join(', ')}`);
  run('npx', ['--no', '--', 'changeset', 'publish', '--no-git-tag'], { cwd: copy });
  return [...versions][0];
}

/** Publishes a package that is made of the given files. */
export function publishFiles(folder, files, registry) {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, '.npmrc'), npmrc(registry));
  run('npm', ['publish', '--loglevel=error'], { cwd: folder });
}
