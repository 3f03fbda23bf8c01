import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

/** The sources in a built file of ours, by its map, which a file that only exports from others lacks; another package's file is one module. */
async function modulesIn(url: string): Promise<string[]> {
  const file = fileURLToPath(url);
  if (!/[/\\]packages[/\\][^/\\]+[/\\]dist[/\\]/.test(file)) return [file];
  if (!existsSync(`${file}.map`)) return [];
  const { sources } = JSON.parse(await readFile(`${file}.map`, 'utf8')) as { sources: string[] };
  return sources.map((source) => join(dirname(file), source));
}

/** The modules that a command loads, as `room/src/file` or `package/file`. */
async function modulesOf(...args: string[]): Promise<string[]> {
  const folder = join(place.path, 'coverage');
  vi.stubEnv('NODE_V8_COVERAGE', folder); // Node itself writes down what it loaded, however that was asked for
  const { code, stderr } = await ancCli(args, { cwd: place.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const reports = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  const urls = reports.flatMap((text) =>
    (JSON.parse(text) as { result: { url: string }[] }).result.map(({ url }) => url),
  );
  const loaded = await Promise.all(urls.filter((url) => url.startsWith('file:')).map(modulesIn));
  return loaded
    .flat()
    .map((path) => path.replaceAll('\\', '/'))
    .flatMap((path) => /\/(?:node_modules|packages)\/(?!.*\/node_modules\/)(.*)$/.exec(path)?.[1] ?? []);
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
      const own = modules.filter((path) => path.startsWith(`${room}/src/`)).sort();
      expect(own).toEqual(declarations.map((name) => `${room}/src/${name}.ts`));
    }
    expect(modules.filter((path) => LARGE.test(path))).toEqual([]);
  },
);

it.each(['run', 'compare', 'tune', 'reproduce'])(
  '%s --help loads its options and not what it does',
  async (name) => {
    const modules = await modulesOf(name, '--help');
    expect(modules).toContain('pipeline/src/options/schema.ts');
    expect(
      modules.filter((path) => /^(core(?!\/src\/text\/)|runtime|methods|@tensorflow)\//.test(path)),
    ).toEqual([]);
  },
);

it('--version loads no package', async () => {
  const modules = await modulesOf('--version');
  expect(modules).toContain('cli/src/program.ts');
  expect(modules.filter((path) => !path.startsWith('cli/') && !path.startsWith('commander/'))).toEqual([]);
});
