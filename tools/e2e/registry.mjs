/**
 * Releases this repository's last commit to an npm registry on this machine, and installs it from there as users do: with npm,
 * `list`, `doctor`, a run with a third party's plugin, the update to the next release, two releases side by side, and what is
 * in release-checks.mjs; with other package managers and versions of Node, an empty folder each and the first of these.
 *
 *   node tools/e2e/registry.mjs                       npm, on the Node that runs this
 *   node tools/e2e/registry.mjs --full                all package managers too, on Node 20, 22 and 24 where they can be had
 *   node tools/e2e/registry.mjs --installations 'npm@24,pnpm,yarn 1,yarn 4 PnP' --write docs/versions.md
 *
 * With --write, the measured table replaces the one in that page.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { npmrc, startRegistry } from './local-registry.mjs';
import { MANAGERS, Project } from './managers.mjs';
import { futurePlugin, leakyPlugin, nestedPlugin } from './plugins.mjs';
import { expect, run } from './processes.mjs';
import { addChangeset, copyOfRepository, publishAsIs, publishFiles, release } from './release.mjs';
import { checkFirstInstallation, checkReleases } from './release-checks.mjs';
import { rowOf, tableOf } from './table.mjs';
import { checkInstallation, coreCopies } from './user-checks.mjs';

const { values: options } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    installations: { type: 'string' },
    write: { type: 'string' },
  },
});
const FULL = ['20', '22', '24'].flatMap((node) => Object.keys(MANAGERS).map((name) => `${name}@${node}`));
/** Package managers, and the major version of Node where it is not the one that runs this. */
const installations = (options.installations?.split(',') ?? (options.full ? FULL : [])).map((text) => {
  const [name, node] = text.split('@');
  if (MANAGERS[name] === undefined)
    throw new Error(`"${name}" is none of ${Object.keys(MANAGERS).join(', ')}`);
  return { name, node };
});

const folder = mkdtempSync(join(tmpdir(), 'anc-registry-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const started = performance.now();
const say = (text) =>
  console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s  ${text}`);

/** A PATH whose `node` is of a major version, from npm's packages of Node's programs; null where it cannot be had. */
function fetchNode(major, registry) {
  const place = join(folder, `node-${major}`);
  mkdirSync(place);
  writeFileSync(join(place, 'package.json'), '{ "private": true }');
  writeFileSync(join(place, '.npmrc'), npmrc(registry));
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  try {
    run('npm', ['install', '--ignore-scripts', '--loglevel=error', `${name}@${major}`], { cwd: place });
    return [join(place, 'node_modules', name, 'bin'), process.env.PATH].join(delimiter);
  } catch (error) {
    say(
      `Node ${major} is skipped: ${/npm error .*/.exec(error.message)?.[0] ?? error.message.split('\n')[0]}`,
    );
    return null;
  }
}

let places;
/** An empty folder of a package manager. */
function project(name, path) {
  const place = mkdtempSync(join(folder, 'project-'));
  return new Project(name, place, places, path);
}

/** Installs and uses the program in an empty folder. Returns a row of the table. */
async function tryManager(name, path, version) {
  const user = project(name, path);
  const before = performance.now();
  user.add(`anc-cli@${version}`, 'anc-plugin-leaky');
  const seconds = (performance.now() - before) / 1000;
  const size = user.size();
  const copies = coreCopies(user);
  expect(
    Object.keys(copies).length === 1 && Object.values(copies)[0] === version,
    `one copy of @anc/core ${version} expected, found ${JSON.stringify(copies)}`,
  );
  const { engine, firstEpoch } = await checkInstallation(user, version);
  expect(engine === 'onnxruntime-node', `${name}: ${engine} computed, expected onnxruntime-node`);
  const node = run('node', ['--version'], { cwd: user.folder, env: user.env }).stdout.trim();
  say(
    `${name} on Node ${node}: installed in ${seconds.toFixed(0)} s, first epoch after ${firstEpoch.toFixed(1)} s`,
  );
  rmSync(user.folder, { recursive: true });
  return rowOf({ name, node, size, seconds, firstEpoch });
}

let failed = 0;
const registry = await startRegistry(join(folder, 'registry'));
places = { registry: registry.url, caches: join(folder, 'caches') };
try {
  const rows = [];
  /** Goes on after a failure: each installation is news of its own. */
  const attempt = async (what, work) => {
    try {
      return await work();
    } catch (error) {
      failed += 1;
      say(`FAIL ${what}: ${error.message}`);
    }
  };

  const copy = join(folder, 'copy');
  copyOfRepository(copy, registry.url);
  const earlier = publishAsIs(copy);
  say(`published ${earlier} as it is`);
  publishFiles(join(folder, 'leaky'), leakyPlugin(), registry.url);
  const user = project('npm');
  await attempt('the first release', () => checkFirstInstallation(user, earlier, say));
  addChangeset(copy, 'minor', 'The next release.');
  const version = release(copy);
  say(`released ${version} by changesets`);
  publishFiles(join(folder, 'nested'), nestedPlugin(earlier), registry.url);
  publishFiles(join(folder, 'future'), futurePlugin(), registry.url);

  const paths = new Map([[undefined, process.env.PATH]]);
  for (const { name, node } of installations) {
    if (!paths.has(node)) paths.set(node, fetchNode(node, registry.url));
    const path = paths.get(node);
    if (path === null) continue;
    const row = await attempt(`${name}, Node ${node ?? process.version}`, () =>
      tryManager(name, path, version),
    );
    if (row !== undefined) rows.push(row);
  }
  await attempt('the next release', () =>
    checkReleases(user, { earlier, version, caches: places.caches, say }),
  );
  const table = tableOf(rows);
  if (rows.length > 0) console.log(table);
  if (options.write !== undefined && rows.length > 0 && failed === 0) {
    const page = readFileSync(options.write, 'utf8');
    const between = /(<!-- measured by tools\/e2e\/registry\.mjs -->\n)[^]*?(\n<!-- end -->)/;
    expect(between.test(page), `${options.write} has no place for the table`);
    writeFileSync(
      options.write,
      page.replace(between, (_all, start, end) => `${start}\n${table}${end}`),
    );
  }
} catch (error) {
  failed += 1;
  console.log(error.message);
} finally {
  await registry.stop();
}
console.log(failed === 0 ? 'the release installs and runs' : `${failed} failures`);
process.exitCode = failed === 0 ? 0 : 1;
