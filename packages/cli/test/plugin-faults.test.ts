import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ancCli, inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 120_000 });

const require = createRequire(import.meta.url);
const address = (path: string): string => JSON.stringify(pathToFileURL(path).href);
const core = address(require.resolve('@anc/core/package.json').replace('package.json', 'dist/index.js'));

/** A discriminator of one layer whose author made a mistake that shows only when it plays. */
const faulty = `
import { definePlugin, dense, Discriminator, sequential } from ${core};
import * as tf from ${address(require.resolve('@tensorflow/tfjs-core'))};
const faults = {
  reads: (x) => (x.dataSync()[0] > 0 ? x : tf.neg(x)),
  waits: (x) => (x.data().then(() => {}), x),
  draws: (x) => tf.mul(x, Math.random()),
  mismatches: (x) => tf.add(x, tf.zeros([3, 3])),
  dates: (x) => tf.mul(x, Date.now() % 7919),
  counts: (x) => tf.mul(x, ++calls),
  averages: (x) => tf.mean(x, 0, true),
  varies: (x) => x,
  slides: (x) => tf.cumsum(x),
};
let calls = 0;
class Faulty extends Discriminator {
  name = 'faulty';
  layers = sequential('faulty', [dense('out', { units: 1 })]);
  constructor(fault) {
    super();
    this.fault = fault;
    if (fault === 'varies') this.rate = Math.random();
  }
  init(rng, input) {
    return this.layers.init(rng, input);
  }
  apply(variables, x, context) {
    const { output, stats } = this.layers.apply(variables, faults[this.fault](x), context);
    return { outputs: { logits: output }, stats };
  }
  summary(input) {
    return this.layers.summary(input);
  }
}
const options = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const named = (fault) => ({ options, create: () => new Faulty(fault) });
export default definePlugin({
  name: 'faulty',
  apiVersion: 1,
  discriminators: Object.fromEntries(Object.keys(faults).map((fault) => [fault, named(fault)])),
});`;

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
  await writeFile(join(place.path, 'faulty.mjs'), faulty);
});
afterAll(() => place.remove());

describe("a plugin's mistake that shows when it plays: found before the teacher is trained", () => {
  it.each([
    ['reads', 'onnx', 'ANC_COMPILE_READ', /^discriminator "reads" of plugin "faulty" read .*faulty\.mjs:\d+/],
    ['waits', 'onnx', 'ANC_COMPILE_READ', /faulty\.mjs:\d+/],
    [
      'waits',
      'tfjs:cpu',
      'ANC_COMPILE_READ',
      /^discriminator "waits" of plugin "faulty" read .*faulty\.mjs:\d+/,
    ],
    ['varies', 'onnx', 'ANC_PLUGIN', /"varies" of plugin "faulty" draws its own[^]*faulty\.mjs:\d+/],
    ['draws', 'onnx', 'ANC_COMPILE_IMPURE', /^discriminator "draws" of plugin "faulty" gives another/],
    ['dates', 'onnx', 'ANC_COMPILE_IMPURE', /it uses Date at .*faulty\.mjs:\d+/],
    [
      'counts',
      'onnx',
      'ANC_COMPILE_IMPURE',
      /^discriminator "counts" of plugin "faulty" [^]*remembers something/,
    ],
    [
      'averages',
      'onnx',
      'ANC_OBJECTIVE',
      /"averages" of plugin "faulty" returned logits of shape \[1, 1\][^]*\[64, …\]/,
    ],
    ['reads', 'tfjs:cpu', 'ANC_COMPILE_READ', /faulty\.mjs:\d+/],
    ['draws', 'tfjs:cpu', 'ANC_COMPILE_IMPURE', /it uses Math\.random at .*faulty\.mjs:\d+/],
    ['dates', 'tfjs:wasm', 'ANC_COMPILE_IMPURE', /it uses Date at .*faulty\.mjs:\d+/],
    [
      'counts',
      'tfjs:cpu',
      'ANC_COMPILE_IMPURE',
      /^discriminator "counts" of plugin "faulty" [^]*remembers something/,
    ],
    ...['onnx', 'tfjs:cpu'].map((backend): [string, string, string, RegExp] => [
      'slides',
      backend,
      'ANC_OBJECTIVE',
      /^discriminator "slides" of plugin "faulty" uses Cumsum, which[^]*It is called at .*faulty\.mjs:\d+/,
    ]),
    ['mismatches', 'onnx', 'ANC_SHAPE', /\[64, 8\] and \[3, 3\].*faulty\.mjs:\d+/],
    ['mismatches', 'tfjs:cpu', 'ANC_OBJECTIVE', /"mismatches" of plugin "faulty" fails[^]*faulty\.mjs:\d+/],
  ])('%s on %s', async (discriminator, backend, code, message) => {
    const before = await place.files();
    const request = [
      ['--plugins', './faulty.mjs'],
      ['--discriminator', discriminator],
      ['--backend', backend],
      ['--teacher', 'cnn(widths=[4,4],features=8)'],
      ['--student', 'cnn(widths=[2,2],features=8)'],
      ['--methods', 'adversarial'],
      ['--limit-train', '128'],
    ].flat();
    const outcome = await inProcess(['run', ...request, '--json'], place.path);
    expect(outcome.code).toBe(2);
    const { error } = JSON.parse(outcome.stdout) as { error: { code: string; message: string } };
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(await place.files()).toEqual(before);
  });
});

it('a model of a plugin whose result differs from call to call is named where it is first compiled', async () => {
  await writeFile(
    join(place.path, 'noisy.mjs'),
    `import { definePlugin, dense, flatten, sequential } from ${core};
import * as tf from ${address(require.resolve('@tensorflow/tfjs-core'))};
const options = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const create = (_, { classes }) => {
  const layers = sequential('noisy', [flatten('flatten'), dense('logits', { units: classes })]);
  const apply = (variables, x, context) => {
    const { output, stats } = layers.apply(variables, tf.mul(x, Math.random()), context);
    return { outputs: { logits: output, features: output }, stats };
  };
  return { name: 'noisy', init: layers.init.bind(layers), summary: layers.summary.bind(layers), apply };
};
export default definePlugin({ name: 'mine', apiVersion: 1, models: { noisy: { options, create } } });`,
  );
  const request = ['--plugins', './noisy.mjs', '--student', 'noisy', '--limit-train', '64', '--json'];
  const { code, stdout } = await inProcess(['run', ...request], place.path);
  expect(code).toBe(2);
  const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
  expect(error.code).toBe('ANC_COMPILE_IMPURE');
  expect(error.message).toMatch(/^model "noisy" of plugin "mine" gives another graph[^]*noisy\.mjs:\d+/);
});

it('a plugin that ends the program while it is loaded is an error', async () => {
  await writeFile(join(place.path, 'ending.mjs'), 'process.exit(0);');
  const { code, stderr } = await ancCli(['list', '--plugins', './ending.mjs'], { cwd: place.path });
  expect(code).toBe(2);
  expect(stderr).toContain('plugin "./ending.mjs" ended the program while it was loaded.');
});
