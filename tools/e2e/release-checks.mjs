import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from './processes.mjs';
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

/**
 * What a project that npm installed goes through: an installation of a release, the update to the next one, optional packages
 * that are missing, a plugin with a copy of core of its own, one for a release that does not exist, a plugin's new package.
 */
export async function checkReleases(project, { earlier, version, caches, say }) {
  project.add(`anc-cli@${earlier}`, 'anc-plugin-leaky');
  const { engine } = await checkInstallation(project, earlier);
  expect(engine === 'onnxruntime-node', `${engine} computed, expected onnxruntime-node`);
  say(`npm installed ${earlier}: list, doctor, a run with a plugin`);

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
}
