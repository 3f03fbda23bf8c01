import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { discoverPlugins, discovers } from './discover.js';
import { loadComposition } from './load-composition.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-discover-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

const install = async (name: string, text: string): Promise<void> => {
  const folder = join(root, 'node_modules', name);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name, version: '1.0.0', type: 'module', exports: './index.js' }),
  );
  await writeFile(join(folder, 'index.js'), text);
};
const plugin = (name: string, kinds = '') => `
  const options = { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } };
  const create = () => ({ name: 'b', memory: {}, weight() {}, next() {} });
  export default { name: '${name}', apiVersion: 1, [Symbol.for('@anc/plugin')]: true, ${kinds} };`;
const project = (manifest: object) => writeFile(join(root, 'package.json'), JSON.stringify(manifest));

it('finds plugins by name in the lists of the nearest package.json', async () => {
  expect(await discoverPlugins(root)).toBeNull();
  await project({
    dependencies: { 'anc-plugin-b': '1', zod: '4', 'anc-plugin-': '1', 'not-anc-plugin-x': '1' },
    devDependencies: { '@x/anc-plugin-a': '1', 'anc-plugin-b': '1' },
    optionalDependencies: { 'anc-plugin-c': '1' },
    peerDependencies: { 'anc-plugin-d': '1' },
  });
  const inside = join(root, 'a', 'b');
  await mkdir(inside, { recursive: true });
  const names = ['@x/anc-plugin-a', 'anc-plugin-b', 'anc-plugin-c'];
  expect(await discoverPlugins(inside)).toEqual({ folder: root, names });
  await writeFile(join(inside, 'package.json'), '{ not json');
  expect(await discoverPlugins(inside)).toBeNull();
});

it('is turned off by what is given, else by the environment', () => {
  vi.stubEnv('ANC_DISCOVER_PLUGINS', '');
  expect([discovers(undefined), discovers(false)]).toEqual([true, false]);
  for (const off of ['0', 'false', 'OFF', 'no']) {
    vi.stubEnv('ANC_DISCOVER_PLUGINS', off);
    expect([discovers(undefined), discovers(true)]).toEqual([false, true]);
  }
});

it('loads those that work, and remembers why others do not', async () => {
  const list = {
    'anc-plugin-good': '1',
    'anc-plugin-broken': '1',
    'anc-plugin-odd': '1',
    'anc-plugin-gone': '1',
  };
  await project({ dependencies: list });
  await install('anc-plugin-good', plugin('anc-plugin-good', 'balancers: { good: { options, create } }'));
  await install('anc-plugin-broken', "throw new Error('boom');");
  await install('anc-plugin-odd', plugin('anc-plugin-odd', 'balancrs: {}'));
  const found = await loadComposition([], root);
  expect(found.registries.balancers.get('good')).toMatchObject({
    package: 'anc-plugin-good',
    discovered: true,
  });
  expect(found.broken.map(({ name, error }) => [name, error.code])).toEqual([
    ['anc-plugin-broken', 'ANC_PLUGIN'],
    ['anc-plugin-gone', 'ANC_PLUGIN_MISSING'],
    ['anc-plugin-odd', 'ANC_PLUGIN'],
  ]);
  const none = await loadComposition([], root, { discover: false });
  expect([none.registries.balancers.has('good'), none.broken]).toEqual([false, []]);
  const named = await loadComposition(['anc-plugin-good'], root);
  expect(named.registries.balancers.get('good').discovered).toBeUndefined();
  await expect(loadComposition(['anc-plugin-broken'], root)).rejects.toMatchObject({ code: 'ANC_PLUGIN' });
});
