import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ancCli, workplace, type Workplace } from './anc-cli.js';

let place: Workplace;
beforeEach(async () => {
  place = await workplace();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await place.remove();
});

/** The modules that a command loads, as `room/file` or `package/file`. */
async function modulesOf(...args: string[]): Promise<string[]> {
  const folder = join(place.path, 'coverage');
  vi.stubEnv('NODE_V8_COVERAGE', folder); // Node itself writes down what it loaded, however that was asked for
  const { code, stderr } = await ancCli(args, { cwd: place.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const reports = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return reports
    .flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result.map(({ url }) => url))
    .flatMap((url) => /\/(?:node_modules|packages)\/(?!.*\/node_modules\/)(.*)$/.exec(url)?.[1] ?? []);
}

/** What a plugin needs to say what it has. */
const DECLARATIONS: Readonly<Record<string, readonly string[]>> = {
  'backend-onnx': ['onnx-model/teacher-options', 'options', 'plugin', 'provider-list'],
  'backend-onednn': ['options', 'plugin'],
  'backend-tfjs': ['options', 'plugin'],
  'backend-webgpu': ['options', 'plugin'],
  datasets: [
    ...[
      'affine',
      'auto-augment',
      'auto-operations',
      'beta',
      'blur',
      'chained',
      'color-jitter',
      'crop',
      'cutmix',
    ],
    ...['declare', 'flip', 'grayscale', 'index', 'mixup', 'random-erasing', 'region', 'resize-crop'],
  ]
    .map((name) => `augmentations/${name}`)
    .concat(
      'cifar/cifar-spec',
      'download/official-files',
      'mnist/mnist-spec',
      'options',
      ...['affine', 'color', 'filter', 'hue', 'resize', 'round', 'tone'].map((name) => `pixels/${name}`),
      'plugin',
      'svhn/svhn-spec',
    ),
};

/** Packages that some plugin needs for what it makes. */
const LARGE =
  /^(onnx|protobufjs|hyparquet|fast-png|tar-stream|sharp|webgpu|c12|@tensorflow\/tfjs-(?!core\/|layers\/))/;

it.each([
  ['list', ['list']],
  ['describe model', ['describe', 'model', 'resnet20']],
  ['describe backend', ['describe', 'backend', 'onnx']],
])(
  '%s loads of backends and datasets what they say of themselves, and none of their libraries',
  async (_, args) => {
    const modules = await modulesOf(...args);
    for (const [room, declarations] of Object.entries(DECLARATIONS)) {
      const own = modules.filter((path) => path.startsWith(`${room}/dist/`)).sort();
      expect(own).toEqual(declarations.map((name) => `${room}/dist/${name}.js`));
    }
    expect(modules.filter((path) => LARGE.test(path))).toEqual([]);
  },
);

it.each(['run', 'compare', 'tune', 'reproduce'])(
  '%s --help loads its options and not what it does',
  async (name) => {
    const modules = await modulesOf(name, '--help');
    expect(modules).toContain('pipeline/dist/options/schema.js');
    expect(
      modules.filter((path) => /^(core(?!\/dist\/text\/)|runtime|methods|@tensorflow)\//.test(path)),
    ).toEqual([]);
  },
);

it('--version loads no package', async () => {
  const modules = await modulesOf('--version');
  expect(modules).toContain('cli/dist/program.js');
  expect(modules.filter((path) => !path.startsWith('cli/') && !path.startsWith('commander/'))).toEqual([]);
});
