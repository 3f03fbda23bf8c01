import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunFolder } from '@anc/runtime';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { compose } from '../composition/compose.js';
import { builtinPlugins } from '../plugins/builtin-plugins.js';
import { withRecordedMethods } from './recorded-methods.js';

const composition = compose(await builtinPlugins());
const dafl = [{ name: 'class-balance', options: {} }];

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'anc-recorded-'));
});
afterEach(() => rm(path, { recursive: true }));

it.each([
  [
    'an option that is open today',
    'data-free',
    { 'data-free': { generatorTerms: dafl } },
    { generatorTerms: dafl },
  ],
  [
    'not an option that was set',
    { name: 'data-free', generatorTerms: ['diversity'] },
    { 'data-free': { generatorTerms: dafl } },
    { generatorTerms: ['diversity'] },
  ],
  ['not an option whose default is another one', 'data-free', { 'data-free': { studentSteps: 3 } }, {}],
  ['not an option that there is no longer', 'data-free', { 'data-free': { oldOption: 3 } }, {}],
  ['nothing of another student', 'data-free', { kd: { generatorTerms: dafl } }, {}],
  ['nothing where there is no record', 'data-free', undefined, {}],
])('a resumed run keeps %s', async (_, method, methods, expected) => {
  const { options } = resolveFlat({ methods: [method] });
  const folder = { path, readEnvironment: () => Promise.resolve({ methods }) } as unknown as RunFolder;
  const { methods: found } = await withRecordedMethods(options, folder, composition);
  expect(found).toEqual([{ name: 'data-free', options: expected }]);
});
