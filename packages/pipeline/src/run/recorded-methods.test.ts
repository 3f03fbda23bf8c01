import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunFolder } from '@anc/runtime';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveFlat } from '../../test/flat-options.js';
import { compose } from '../composition/compose.js';
import { createMethod } from '../planning/create-method.js';
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
  [
    'an option whose default is another one today',
    'data-free',
    { 'data-free': { studentSteps: 3 } },
    { studentSteps: 3 },
  ],
  [
    'an option whose default is another one today, beside one that there is no longer',
    'data-free',
    { 'data-free': { oldOption: 3, studentSteps: 3 } },
    { studentSteps: 3 },
  ],
  ['not an option that there is no longer', 'data-free', { 'data-free': { oldOption: 3 } }, {}],
  ['nothing of another student', 'data-free', { kd: { generatorTerms: dafl } }, {}],
  ['nothing where there is no record', 'data-free', undefined, {}],
])('a resumed run keeps %s', async (_, method, methods, expected) => {
  const { options } = resolveFlat({ methods: [method] });
  const folder = { path, readEnvironment: () => Promise.resolve({ methods }) } as unknown as RunFolder;
  const { methods: found } = await withRecordedMethods(options, folder, composition, false);
  expect(found).toEqual([{ name: 'data-free', options: expected }]);
});

it('a run that goes on with changed options has the defaults that follow from them, and what these leave open', async () => {
  const { options } = resolveFlat({ methods: ['data-free'] });
  const methods = { 'data-free': { studentSteps: 3, generatorTerms: dafl } };
  const folder = { path, readEnvironment: () => Promise.resolve({ methods }) } as unknown as RunFolder;
  const { methods: found } = await withRecordedMethods(options, folder, composition, true);
  expect(found).toEqual([{ name: 'data-free', options: { generatorTerms: dafl } }]);
});

it('a record of every method with its own defaults changes nothing', async () => {
  const names = composition.registries.methods.names;
  const { options } = resolveFlat({ methods: names });
  const made = await Promise.all(
    options.methods.map((named) => createMethod(named, { ...options, frozen: [] }, composition)),
  );
  const recorded: unknown = JSON.parse(
    JSON.stringify(Object.fromEntries(made.map(({ options: completed }, i) => [names[i], completed]))),
  );
  const folder = {
    path,
    readEnvironment: () => Promise.resolve({ methods: recorded }),
  } as unknown as RunFolder;
  const { methods: found } = await withRecordedMethods(options, folder, composition, false);
  expect(found).toEqual(options.methods);
});
