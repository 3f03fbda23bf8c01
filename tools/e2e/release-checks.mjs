import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, run } from './processes.mjs';
import {
  checkCreate,
  checkFallbackAndFix,
  checkHelp,
  checkInstallation,
  checkMissingSharp,
  checkRefusal,
  coreCopies,
  importAll,
  TINY,
} from './user-checks.mjs';

/** Names of our packages, each in a folder of its own since npm has one copy of each. */
function ours({ folder }) {
  const modules = join(folder, 'node_modules');
  const scoped = readdirSync(join(modules, '@anc')).map((name) => `@anc/${name}`);
  return [...scoped, ...['anc-cli', 'create-anc-plugin'].filter((name) => existsSync(join(modules, name)))];
}

/** The packages that npm would install in a new folder, from its lockfile. */
function lockOf(folder, name, specs) {
  const place = join(folder, name);
  mkdirSync(place);
  writeFileSync(join(place, 'package.json'), '{ "private": true }');
  copyFileSync(join(folder, '.npmrc'), join(place, '.npmrc'));
  run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--loglevel=error', ...specs], {
    cwd: place,
  });
  return JSON.parse(readFileSync(join(place, 'package-lock.json'), 'utf8')).packages;
}

/** A project that npm installed when a release was the newest. */
export async function checkFirstInstallation(project, version, say) {
  project.add(`anc-cli@${version}`, 'anc-plugin-leaky');
  const { engine } = await checkInstallation(project, version);
  expect(engine === 'onnxruntime-node', `${engine} computed, expected onnxruntime-node`);
  say(`npm installed ${version}: list, doctor, a run with a plugin`);
}

/**
 * What that project goes through afterwards: the update to the next release, optional packages that are missing, a plugin with
 * a copy of core of its own, one for a release that does not exist, a plugin's new package.
 */
export async function checkReleases(project, { earlier, version, caches, say }) {
  project.run(['npm', ['install', '--omit=optional', '--loglevel=error', `anc-cli@${version}`]]);
  const copies = Object.values(coreCopies(project));
  expect(copies.join() === version, `after the update there are copies of core ${copies.join(', ')}`);
  checkHelp(project, version);
  say(`updated from ${earlier} to ${version}: one copy of core`);

  checkRefusal(project);
  await checkMissingSharp(project);
  checkFallbackAndFix(project);
  say('without optional dependencies: a run, doctor --fix');

  project.add('anc-plugin-nested', 'anc-plugin-future', `@anc/testing@${version}`);
  const names = ours(project);
  const count = readdirSync('packages').length;
  expect(names.length === count, `${count} packages expected, installed are ${names.join(', ')}`);
  importAll(project, names);
  const nested = join(project.folder, 'node_modules/anc-plugin-nested/node_modules/@anc/core/package.json');
  expect(JSON.parse(readFileSync(nested, 'utf8')).version === earlier, `no copy of core ${earlier}`);
  const trained = project.json([
    ...['run', ...TINY, '--plugins', 'anc-plugin-nested,anc-plugin-leaky', '--name', 'nested'],
    ...['--methods', 'adversarial', '--discriminator', 'nested'],
  ]);
  expect(trained.students[0].agreement >= 0, 'two copies of core do not train');
  const { error } = project.json(['list', '--plugins', 'anc-plugin-future'], 2);
  expect(
    error.code === 'ANC_PLUGIN' && JSON.stringify(error).includes(`@anc/core ${version} in `),
    `a plugin for another release: ${JSON.stringify(error)}`,
  );
  say(`core ${earlier} beside ${version}: trains; a name that neither has: reported`);

  checkCreate(project, version, join(caches, 'npm-create'));
  say('npm create anc-plugin: its dependencies are those of this release');

  // By itself npm installs the newest core that the plugin allows.
  const specs = [`anc-cli@${earlier}`, `@anc/core@${earlier}`, 'anc-plugin-leaky'];
  const older = lockOf(project.folder, 'older', specs);
  const cores = Object.entries(older).filter(([path]) => path.endsWith('node_modules/@anc/core'));
  expect(
    cores.length === 1 && cores[0][1].version === earlier,
    `${specs.join(' ')}: copies of core ${JSON.stringify(cores)}`,
  );
  say(`${specs.join(' ')}: one copy of core`);
}
