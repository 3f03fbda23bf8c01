import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ancCli, inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 60_000 });

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
  await writeFile(join(place.path, 'faulty.mjs'), faulty);
});
afterAll(() => place.remove());

/** Things of a plugin that fail when they are made, described or begun. */
const faulty = `
const options = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const boom = () => { throw new TypeError('boom'); };
const network = { name: 'x', init: boom, apply: boom, summary: boom };
export default () => ({
  name: 'faulty', apiVersion: 1, [Symbol.for('@anc/plugin')]: true,
  models: {
    listless: { options, create: () => ({ ...network, summary: () => ({ layers: 3 }) }) },
    nameless: { options, create: () => ({ ...network, summary: () => [{ output: [1] }] }) },
    made: { options, create: boom }, shown: { options, create: () => network },
  },
  discriminators: { made: { options, create: boom }, begun: { options, create: () => network } },
  datasets: { later: { options, create: async () => boom() } },
});`;

const error = async (...args: string[]) => {
  const { code, stdout } = await inProcess([...args, '--plugins', './faulty.mjs', '--json'], place.path);
  expect(code).toBe(2);
  return (JSON.parse(stdout) as { error: { code: string; message: string } }).error;
};
const run = ['run', '--teacher', 'cnn(widths=[2],features=4)', '--student', 'cnn(widths=[2],features=4)'];

describe("a plugin's code that throws is one error with the plugin's name and its line", () => {
  it.each([
    [['describe', 'model', 'made'], 'model "made" of plugin "faulty" fails: boom'],
    [['describe', 'model', 'shown'], 'the summary of model "shown" of plugin "faulty" fails: boom'],
    [['describe', 'discriminator', 'made'], 'discriminator "made" of plugin "faulty" fails: boom'],
    [[...run, '--student', 'shown'], 'model "shown" of plugin "faulty" fails: boom'],
    [[...run, '--method', 'adversarial', '--discriminator', 'made'], '"made" of plugin "faulty" fails: boom'],
    [['run', '--dataset', 'later'], 'dataset "later" of plugin "faulty" fails: boom'],
  ])('%j', async (args, message) => {
    const found = await error(...args);
    expect(found.code).toBe('ANC_PLUGIN');
    expect(found.message).toContain(message);
    expect(found.message).toMatch(/received: TypeError at .*faulty\.mjs:3:/);
  });

  it.each(['listless', 'nameless'])('a summary that lists no layers: %s', async (name) => {
    const found = await error('describe', 'model', name);
    expect(found.code).toBe('ANC_PLUGIN');
    expect(found.message).toContain(
      `the summary of model "${name}" of plugin "faulty" is not a list of layers.`,
    );
  });

  it('when a discriminator begins, before anything is trained', async () => {
    const found = await error(...run, '--method', 'adversarial', '--discriminator', 'begun');
    expect(found).toMatchObject({ code: 'ANC_OBJECTIVE' });
    expect(found.message).toMatch(/discriminator "begun" of plugin "faulty" fails: boom[^]*faulty\.mjs:3:/);
  });

  it.each([
    [
      'whose factory throws',
      "export default () => {\n  throw new Error('boom');\n};",
      /fails: boom[^]*own\.mjs:2:/,
    ],
    [
      'that throws while it is loaded',
      "\nthrow new Error('boom');",
      /could not be loaded[^]*boom, at .*own\.mjs:2:/,
    ],
    ['that promises', 'export default async () => ({});', /is not a plugin[^]*received: a promise/],
    [
      'that lies where its packages are not',
      "import '@anc/no-such-package';\nexport default {};",
      /Cannot find package '@anc\/no-such-package'[^]*npm install @anc\/no-such-package/,
    ],
  ])('a module %s', async (what, text, message) => {
    const folder = join(place.path, what.replaceAll(' ', '-')); // Node keeps modules by their address
    await mkdir(folder);
    await writeFile(join(folder, 'own.mjs'), text);
    const { code, stdout } = await inProcess(['list', '--plugins', './own.mjs', '--json'], folder);
    const found = (JSON.parse(stdout) as { error: { code: string; message: string } }).error;
    expect({ code, error: found.code }).toEqual({ code: 2, error: 'ANC_PLUGIN' });
    expect(found.message).toMatch(message);
  });

  it.each([
    [
      'with a syntax error',
      "export default {\n  name: 'a,\n};",
      /could not be loaded[^]*Unterminated string constant, at .*own\.mjs:2:9/,
    ],
    [
      'that asks for what is not exported',
      "import { nothing } from 'node:fs';",
      /does not provide an export named 'nothing', at .*own\.mjs:1:10/,
    ],
  ])('a module %s, as Node itself loads it', async (what, text, message) => {
    const folder = join(place.path, what.replaceAll(' ', '-'));
    await mkdir(folder);
    await writeFile(join(folder, 'own.mjs'), text);
    const { code, stdout } = await ancCli(['list', '--plugins', './own.mjs', '--json'], { cwd: folder });
    const found = (JSON.parse(stdout) as { error: { code: string; message: string } }).error;
    expect({ code, error: found.code }).toEqual({ code: 2, error: 'ANC_PLUGIN' });
    expect(found.message).toMatch(message);
  });

  it('a syntax error in TypeScript has its line and column', async () => {
    await writeFile(join(place.path, 'own.ts'), 'export const a: number = 3;\nconst y = ;\n');
    const found = await error('list', '--plugins', './own.ts');
    expect(found.message).toMatch(/Unexpected token, at .*own\.ts:2:11/);
  });

  it('TypeScript that lies where its packages are not has the hint of JavaScript', async () => {
    await writeFile(join(place.path, 'apart.ts'), "import '@anc/no-such-package';\nexport default {};");
    const found = await error('list', '--plugins', './apart.ts');
    expect(found.message).toMatch(
      /could not be loaded\.\n {2}received: Cannot find module '@anc\/no-such-package'\n.*npm install @anc\/no-such-package/,
    );
  });

  it.each(['faulty.mjs', 'plugins/mine.ts'])(
    'the file %s without ./ is no package to install',
    async (name) => {
      const found = await error('list', '--plugins', name);
      expect(found).toMatchObject({ code: 'ANC_PLUGIN_MISSING' });
      expect(found.message).toContain(`begins with ./: ./${name}`);
      expect(found.message).not.toContain('npm install');
    },
  );

  it('an empty name and a plugin that is given twice are said plainly', async () => {
    expect(await error('list', '--plugins', '')).toMatchObject({ code: 'ANC_PLUGIN_MISSING' });
    const found = await error('list', '--plugins', './faulty.mjs');
    expect(found.message).toContain('plugin "faulty" is given twice.');
  });
});
