import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from './processes.mjs';
import {
  checkFallbackAndFix,
  checkMissingSharp,
  checkRefusal,
  coreCopies,
  importAll,
  TINY,
} from './user-checks.mjs';

/** Names of our packages, as the program's manifest has them. */
const ours = ({ folder }) => {
  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/anc-cli/package.json'), 'utf8'));
  return ['anc-cli', ...Object.keys(manifest.dependencies).filter((name) => name.startsWith('@anc/'))];
};

/**
 * What a project that npm installed goes through: an update from the release before, a plugin with a copy of core of its
 * own, one for a release that does not exist, and optional packages that are missing.
 */
export async function checkReleases(project, { earlier, version, say }) {
  project.add(`anc-cli@${earlier}`, 'anc-plugin-leaky');
  project.run(['npm', ['install', '--omit=optional', '--loglevel=error', `anc-cli@${version}`]]);
  const copies = Object.values(coreCopies(project));
  expect(copies.join() === version, `after the update there are copies of core ${copies.join(', ')}`);
  const { stdout } = project.run(project.manager.cli(['--version']));
  expect(stdout.includes(version), `anc-cli --version does not name ${version}`);
  importAll(project, ours(project));
  say(`updated from ${earlier} to ${version}: one copy of core`);

  checkRefusal(project);
  await checkMissingSharp(project);
  checkFallbackAndFix(project);
  say('without optional dependencies: a run, doctor --fix');

  project.add('anc-plugin-nested', 'anc-plugin-future');
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
}
