import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
});
afterAll(() => place.remove());

const program = (...args: string[]) => inProcess(['describe', ...args], place.path);

async function json(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await program(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('describe model', () => {
  it.each([
    ['resnet20', [32, 32, 3], 272_538, 128, '10.515'],
    ['resnet164', [32, 32, 3], 2_605_722, 128, '97.488'],
    ['resnet152', [224, 224, 3], 58_208_394, 256, '5586.878'],
    ['resnet50', [224, 224, 3], 23_539_850, 256, '1783.611'],
    ['nin', [28, 28, 1], 10_600_522, 128, null],
    ['lenet4', [28, 28, 1], 2_315_018, 128, null],
  ])("gives the paper's counts of %s unasked", async (name, input, parameters, images, billions) => {
    const { batch, ...model } = (await json('model', name)) as { batch: { images: number; flops: number } };
    expect(model).toMatchObject({ name, input, classes: 10, parameters });
    expect(batch.images).toBe(images);
    if (billions !== null) expect((batch.flops / 1e9).toFixed(3)).toBe(billions);
  });

  it('says which images it took, and shows the options', async () => {
    expect(await json('model', 'resnet20')).toMatchObject({
      kind: 'model',
      package: '@anc/models',
      options: { properties: { depth: { default: 20 } } },
    });
    const { stdout } = await program('model', 'resnet20');
    expect(stdout).toContain(
      'resnet20 for 32×32×3 images (its own size; change it with --input), 10 classes',
    );
    expect(stdout).toContain('10.5 G (10,515,285,248) for a batch of 128');
    expect(stdout).toMatch(/│ depth +│ 20 +│/);
    const other = await program('model', 'resnet20', '--input', '28x28x1', '--classes', '7');
    expect(other.stdout).toContain('resnet20 for 28×28×1 images, 7 classes');
  });

  it("takes a plugin's word for its images and classes", async () => {
    const source = `export default { name: 'mine', apiVersion: 1, [Symbol.for('@anc/plugin')]: true, models: {
      wide: { input: [8, 6, 2], classes: 3, options: { '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } },
        create: (options, { input, classes }) => ({ name: 'wide', init() {}, apply() {},
          summary: (shape) => [{ name: 'all', output: [classes], parameters: shape[0] * shape[1], flops: 1 }] }) } } };`;
    await writeFile(join(place.path, 'wide.mjs'), source);
    const plugins = ['--plugins', './wide.mjs'];
    expect(await json('model', 'wide', ...plugins)).toMatchObject({
      input: [8, 6, 2],
      classes: 3,
      parameters: 48,
      options: null,
    });
    expect((await program('model', 'wide', ...plugins)).stdout).toContain('does not list its options');
  });
});

describe('describe discriminator', () => {
  it.each([
    ['projection', 5, 75_009],
    ['auxiliary-classifier', 5, 75_014],
  ])('tells %s the number of classes', async (name, classes, parameters) => {
    const document = await json('discriminator', name, '--classes', String(classes));
    expect(document).toMatchObject({ name, classes, input: [64], parameters, options: { type: 'object' } });
  });

  it('takes the shape of an image tap', async () => {
    expect(await json('discriminator', '128conv-256conv', '--input', '8x8x64')).toMatchObject({
      input: [8, 8, 64],
      parameters: 370_049,
    });
  });

  it('shows the options', async () => {
    const { stdout } = await program('discriminator', 'mlp(units=[8])');
    expect(stdout).toMatch(/│ units +│ \[128,256,128\] │ units of each hidden layer/);
  });
});

describe('describe', () => {
  it.each([
    [['model', 'resnet20('], 'close every bracket.'],
    [['model', 'resnet(depth=20,depth=32)'], 'say the option "depth" once.'],
    [['model', 'resnet(depth=3)'], 'expected at least 8.\n  received: 3'],
    [['method', 'adversarial('], 'close every bracket.'],
    [['model', 'resnet20', '--classes', '1e20'], 'expected a whole number from 1 to 1,000,000.'],
    [['model', 'resnet20', '--input', '1e9x4x3'], 'each a whole number from 1 to 65,536.'],
    [['discriminator', 'conv', '--input', '8x8'], 'expected the width of a vector, or HxWxC'],
  ])('refuses %j', async (args, text) => {
    const { code, stderr } = await program(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });

  it('takes the name of anything with its options', async () => {
    expect(await json('method', 'adversarial(lambda=2)')).toMatchObject({ name: 'adversarial' });
  });
});
