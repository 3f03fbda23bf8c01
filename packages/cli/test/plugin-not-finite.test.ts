import { createRequire } from 'node:module';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 120_000 });

const require = createRequire(import.meta.url);
const address = (path: string): string => JSON.stringify(pathToFileURL(path).href);
const core = address(require.resolve('@anc/core/package.json').replace('package.json', 'dist/index.js'));
const methods = address(
  require.resolve('@anc/methods/package.json').replace('package.json', 'dist/plugin.js'),
);
const models = address(require.resolve('@anc/models/package.json').replace('package.json', 'dist/plugin.js'));

/** Components of every kind that make NaN or Infinity of finite numbers, at once or in their gradient. */
const plugin = `
import { definePlugin, dense, Discriminator, Regularizer, sequential } from ${core};
import models from ${models};
import methods from ${methods};
import * as tf from ${address(require.resolve('@tensorflow/tfjs-core'))};
const options = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const made = (create) => ({ options, create });
/** NaN of any finite tensor. */
const nan = (x) => tf.div(tf.sub(x, x), tf.sub(x, x));
/** x, with an infinite gradient: a square root at 0. */
const steep = (x) => tf.add(x, tf.sqrt(tf.sub(x, x)));
/** x while it is above a bound, then NaN: what shows in training alone. */
const above = (x, bound) => tf.add(x, tf.sub(tf.log(tf.relu(tf.sub(x, bound))), tf.log(tf.relu(tf.sub(x, bound)))));

class D extends Discriminator {
  layers = sequential('d', [dense('out', { units: 1 })]);
  constructor(name, before, after) {
    super();
    Object.assign(this, { name, before, after });
  }
  init(rng, input) {
    return this.layers.init(rng, input);
  }
  apply(variables, x, context) {
    const { output, stats } = this.layers.apply(variables, this.before(x), context);
    return { outputs: { logits: this.after(output) }, stats };
  }
  summary(input) {
    return this.layers.summary(input);
  }
}
class Penalty extends Regularizer {
  constructor(name, penalty) {
    super();
    Object.assign(this, { name, penalty });
  }
}
const same = (x) => x;
const gan = {
  discriminator: (t, s) => tf.sub(tf.mean(s), tf.mean(t)),
  student: (s) => tf.neg(tf.mean(s)),
};
const cnn = models().models.cnn;
const cnnWith = (change) => ({
  ...cnn,
  create(given, environment) {
    const network = cnn.create(given, environment);
    return {
      name: 'own',
      init: (...args) => network.init(...args),
      summary: (...args) => network.summary(...args),
      apply(variables, x, context) {
        const { outputs, stats } = network.apply(variables, x, context);
        return { outputs: change(outputs, context), stats };
      },
    };
  },
});
const { conv } = methods().generators;
const { replay } = methods().memories;
const transform = (update) => ({ id: 'own', init: () => ({}), update });
export default definePlugin({
  name: 'anc-plugin-zoo',
  apiVersion: 1,
  models: {
    nan: cnnWith((outputs, { training }) => (training ? { ...outputs, logits: nan(outputs.logits) } : outputs)),
    later: cnnWith((outputs, { training }) => (training ? outputs : { ...outputs, logits: nan(outputs.logits) })),
    steep: cnnWith((outputs) => ({ ...outputs, logits: steep(outputs.logits) })),
  },
  discriminators: {
    nan: made(() => new D('nan', same, nan)),
    steep: made(() => new D('steep', steep, same)),
    constant: made(() => new D('constant', same, (x) => tf.mul(x, 0))),
  },
  regularizers: {
    nan: made(() => new Penalty('nan', ({ onStudent }) => nan(tf.mean(onStudent)))),
    steep: made(() => new Penalty('steep', ({ onTeacher }) => tf.mean(steep(onTeacher)))),
    steepParameters: made(
      () => new Penalty('steepParameters', ({ params }) => tf.mean(steep(Object.values(params)[0]))),
    ),
  },
  dataTerms: {
    nan: made(() => ({ name: 'nan', loss: (s, t) => nan(tf.mean(tf.sub(s, t))) })),
    steep: made(() => ({ name: 'steep', loss: (s) => tf.mean(steep(s)) })),
    ofTeacher: made(() => ({ name: 'ofTeacher', loss: (s, t) => tf.mean(tf.square(t)) })),
    steps: made(() => ({ name: 'steps', loss: (s, t) => tf.mean(tf.abs(tf.sub(tf.step(s), t))) })),
    topEight: made(() => ({ name: 'topEight', loss: (s, t) => tf.mean(tf.abs(tf.slice(tf.sub(s, t), 0, 8))) })),
    shrinks: made(() => ({ name: 'shrinks', loss: (s, t, { progress }) => above(tf.sub(tf.add(tf.mul(0, tf.mean(s)), 1), progress), 0.6) })),
  },
  adversarialLosses: {
    nan: made(() => ({ ...gan, name: 'nan', discriminator: (t, s) => nan(tf.mean(s)) })),
    nanStudent: made(() => ({ ...gan, name: 'nanStudent', student: (s) => nan(tf.mean(s)) })),
    steep: made(() => ({ ...gan, name: 'steep', student: (s) => tf.mean(steep(s)) })),
  },
  balancers: {
    nan: made(() => ({ name: 'nan', memory: {}, weight: () => nan(tf.scalar(1)), next: () => ({}) })),
    nanNext: made(() => ({
      name: 'nanNext',
      memory: { a: 1 },
      weight: () => tf.scalar(1),
      next: ({ a }) => ({ a: nan(a) }),
    })),
  },
  generators: {
    nan: {
      ...conv,
      create(given, environment) {
        const generator = conv.create(given, environment);
        const apply = generator.apply.bind(generator);
        generator.apply = (...given) => {
          const { outputs, stats } = apply(...given);
          return { outputs: { ...outputs, images: nan(outputs.images) }, stats };
        };
        return generator;
      },
    },
  },
  discrepancies: {
    nan: made(() => ({ name: 'nan', distance: (s, t) => nan(tf.mean(tf.sub(s, t))) })),
    steep: made(() => ({ name: 'steep', distance: (s) => tf.mean(steep(s)) })),
  },
  generatorTerms: {
    nan: made(() => ({ name: 'nan', penalty: ({ images }) => nan(tf.mean(images)) })),
    steep: made(() => ({ name: 'steep', penalty: ({ images }) => tf.mean(steep(images)) })),
    ofNoise: made(() => ({ name: 'ofNoise', penalty: ({ z }) => tf.mean(tf.square(z)) })),
  },
  memories: {
    nan: {
      ...replay,
      create(given, environment) {
        const memory = replay.create(given, environment);
        return { ...memory, push: (...given) => Object.fromEntries(Object.entries(memory.push(...given)).map(([name, x]) => [name, x.rank > 0 ? nan(x) : x])) };
      },
    },
    nanCount: {
      ...replay,
      create(given, environment) {
        const memory = replay.create(given, environment);
        return { ...memory, push: (...given) => ({ ...memory.push(...given), count: nan(given[0].count) }) };
      },
    },
  },
  optimizers: {
    nan: made(() =>
      transform((updates, slots, { learningRate }) => ({
        updates: Object.fromEntries(
          Object.entries(updates).map(([name, x]) => [name, tf.mul(nan(x), learningRate)]),
        ),
        slots,
      })),
    ),
  },
  schedules: { nan: made(() => ({ name: 'nan', factor: ({ step }) => (step > 10 ? NaN : 1) })) },
});`;

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
  await writeFile(join(place.path, 'zoo.mjs'), plugin);
});
afterAll(() => place.remove());

const run = async (...args: readonly string[]) => {
  const small = [
    ['--plugins', './zoo.mjs'],
    ['--teacher', 'cnn(widths=[4,4],features=8)'],
    ['--limit-train', '64', '--limit-test', '50', '--epochs', '2', '--batch-size', '16'],
  ].flat();
  const methods = args.includes('--methods') ? [] : ['--methods', 'adversarial'];
  const student = args.includes('--student') ? [] : ['--student', 'cnn(widths=[2,2],features=8)'];
  const outcome = await inProcess(['run', ...small, ...methods, ...student, ...args, '--json'], place.path);
  const { error } = JSON.parse(outcome.stdout) as { error?: { code: string; message: string } };
  return { ...outcome, error };
};

describe('a part of a plugin that returns what is not finite is named before anything is trained', () => {
  it.each([
    [
      ['--discriminator', 'nan'],
      'discriminator "nan" of plugin "anc-plugin-zoo" returned logits that are not finite',
    ],
    [
      ['--discriminator', 'steep'],
      'discriminator "steep" of plugin "anc-plugin-zoo" returned a gradient for its input',
    ],
    [
      ['--regularizer', 'nan'],
      'regularizer "nan" of plugin "anc-plugin-zoo" returned from penalty a number that is not finite',
    ],
    [
      ['--regularizer', 'steep'],
      'regularizer "steep" of plugin "anc-plugin-zoo" returned a gradient for the discriminator\'s logits',
    ],
    [
      ['--regularizer', 'steepParameters'],
      'regularizer "steepParameters" of plugin "anc-plugin-zoo" returned a gradient for',
    ],
    [
      ['--data-term', 'nan'],
      'data term "nan" of plugin "anc-plugin-zoo" returned from loss a number that is not finite',
    ],
    [['--data-term', 'steep'], 'data term "steep" of plugin "anc-plugin-zoo" returned a gradient for logits'],
    [
      ['--adversarial-loss', 'nan'],
      'adversarial loss "nan" of plugin "anc-plugin-zoo" returned from discriminator a number',
    ],
    [
      ['--adversarial-loss', 'nanStudent'],
      'adversarial loss "nanStudent" of plugin "anc-plugin-zoo" returned from student a number',
    ],
    [
      ['--adversarial-loss', 'steep'],
      'adversarial loss "steep" of plugin "anc-plugin-zoo" returned a gradient for the discriminator\'s logits',
    ],
    [
      ['--balancer', 'nan'],
      'balancer "nan" of plugin "anc-plugin-zoo" returned from weight a number that is not finite',
    ],
    [
      ['--balancer', 'nanNext'],
      'balancer "nanNext" of plugin "anc-plugin-zoo" returned from next a memory that is not finite',
    ],
    [
      ['--student', 'anc-plugin-zoo:nan(widths=[2,2],features=8)'],
      'model "nan" of plugin "anc-plugin-zoo" returned an output "logits"',
    ],
    [
      ['--student', 'anc-plugin-zoo:later(widths=[2,2],features=8)'],
      'model "later" of plugin "anc-plugin-zoo" returned an output "logits" in inference that is not finite',
    ],
    [
      ['--student', 'anc-plugin-zoo:steep(widths=[2,2],features=8)'],
      'model "steep" of plugin "anc-plugin-zoo" returned gradients for its parameters',
    ],
    [
      ['--optimizer', 'nan'],
      'optimizer "nan" of plugin "anc-plugin-zoo" returned updates that are not finite',
    ],
    [
      ['--methods', 'data-free(generator=nan)'],
      'generator "nan" of plugin "anc-plugin-zoo" returned an output "images"',
    ],
    [
      ['--methods', 'data-free(discrepancy=nan)'],
      'discrepancy "nan" of plugin "anc-plugin-zoo" returned from distance a number that is not finite',
    ],
    [
      ['--methods', 'data-free(discrepancy=steep)'],
      'discrepancy "steep" of plugin "anc-plugin-zoo" returned a gradient for',
    ],
    [
      ['--methods', 'data-free(generatorTerms=[nan])'],
      'generator term "nan" of plugin "anc-plugin-zoo" returned from penalty a number that is not finite',
    ],
    [
      ['--methods', 'data-free(generatorTerms=[steep])'],
      'generator term "steep" of plugin "anc-plugin-zoo" returned a gradient for',
    ],
    [
      ['--methods', 'data-free(memory=nan)'],
      'memory "nan" of plugin "anc-plugin-zoo" returned from push a memory that is not finite',
    ],
    [
      ['--methods', 'few-images-hard(discrepancy=steep)'],
      'discrepancy "steep" of plugin "anc-plugin-zoo" returned a gradient for',
    ],
    [
      ['--methods', 'data-free', '--student', 'anc-plugin-zoo:nan(widths=[2,2],features=8)'],
      'model "nan" of plugin "anc-plugin-zoo" returned logits that are not finite',
    ],
    [
      ['--methods', 'few-images-hard', '--student', 'anc-plugin-zoo:nan(widths=[2,2],features=8)'],
      'model "nan" of plugin "anc-plugin-zoo" returned logits that are not finite',
    ],
    [
      ['--methods', 'data-free(memory=nanCount)'], // ONNX Runtime stops at rows that the memory does not have
      'stage "generator" of method "data-free" of plugin "@anc/methods" fails in its first update: ONNX',
    ],
    [['--schedule', 'nan'], 'schedule "nan" of plugin "anc-plugin-zoo": factor gives no factor'],
  ] as const)('%s', async (args, message) => {
    const before = await place.files();
    const eager = args[0] === '--discriminator' ? ['tfjs:wasm'] : []; // tfjs:cpu runs the same code
    for (const backend of ['onnx', ...eager]) {
      const { code, error } = await run(...args, '--backend', backend);
      expect(code).toBe(2);
      expect(error?.message).toContain(message);
    }
    expect(await place.files()).toEqual(before);
  });
});

it.each(['onnx', 'tfjs:wasm'])('a part that makes NaN in training alone is named on %s', async (backend) => {
  const { code, stdout } = await run('--data-term', 'shrinks', '--backend', backend);
  expect(code).toBe(1);
  const { diverged } = JSON.parse(stdout) as { diverged: readonly { message: string }[] };
  expect(diverged[0]?.message).toContain(
    'First, data term "shrinks" of plugin "anc-plugin-zoo" returned from loss a number that is not finite.',
  );
});

it('a part that needs more rows than are probed is no fault', async () => {
  const { code } = await run('--data-term', 'topEight', '--teacher-epochs', '1', '--name', 'rows');
  expect(code).toBe(0);
});

it('constant logits, whose gradients are zero, are no fault', async () => {
  const { code } = await run('--discriminator', 'constant', '--teacher-epochs', '1', '--name', 'constant');
  expect(code).toBe(0);
});

describe('a term of a loss without a gradient', () => {
  it.each(['onnx', 'tfjs:wasm'])('is refused on %s where it is the data term', async (backend) => {
    const before = await place.files();
    const { code, error } = await run('--data-term', 'ofTeacher', '--backend', backend);
    expect(code).toBe(2);
    expect(error?.message).toContain(
      'data term "ofTeacher" of plugin "anc-plugin-zoo" does not depend on what is trained.',
    );
    expect(await place.files()).toEqual(before);
  });

  it.each([
    [
      'is reported where its gradient was 0',
      ['--data-term', 'steps'],
      'data term "steps"',
      'had a gradient of 0',
    ],
    [
      'is reported where it is a term of a generator, which may have nothing to say of a teacher',
      ['--methods', 'data-free(generatorTerms=[ofNoise])'],
      'generator term "ofNoise"',
      'does not depend on what is trained',
    ],
  ] as const)('%s', async (_, args, part, what) => {
    const { code, stderr } = await run(...args, '--plan');
    expect(code).toBe(0);
    expect(stderr).toContain(`${part} of plugin "anc-plugin-zoo" ${what}`);
  });
});
