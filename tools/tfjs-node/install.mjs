/**
 * Installs tfjs-node where its own download is closed: the package without its install script, its N-API
 * binding compiled here and linked against the C library inside PyPI's tensorflow-cpu wheel.
 *
 *   node tools/tfjs-node/install.mjs <folder>
 *
 * Needs npm's registry, PyPI, pip, a C++17 compiler, and Node's headers (beside `node`, or in `npm_config_nodedir`).
 * Linux on x86-64 and arm64. A program started in <folder> can then use the backend `tfjs:node`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const TFJS = '4.22.0';
const TENSORFLOW = '2.18.1';
const PYTHON = '3.11'; // of the wheel; the C library inside does not care
const NAPI = 8;

/** Why it cannot be done here, as opposed to a failure of what was tried. */
export class Unavailable extends Error {}

function run(program, args, { cwd, minutes = 4, unavailable } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: minutes * 60_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status === 0) return stdout;
  const why = error?.message ?? stderr.trim().split('\n').at(-1);
  if (unavailable) throw new Unavailable(`${unavailable}: ${why}`);
  throw new Error(`${program} ${args.join(' ')}\n${error?.message ?? ''}${stdout}${stderr}`);
}

/** Folder of node_api.h. */
function headers() {
  const prefix = dirname(dirname(process.execPath));
  const candidates = [process.env.npm_config_nodedir, prefix, '/usr', '/usr/local'].filter(Boolean);
  const found = candidates
    .map((root) => join(root, 'include', 'node'))
    .find((at) => existsSync(join(at, 'node_api.h')));
  if (!found) throw new Unavailable("Node's headers (node_api.h) are not on this machine");
  return found;
}

/** Installs into `folder`; throws `Unavailable` where something out of reach is needed. */
export function installTfjsNode(folder) {
  const include = headers();
  const compiler = process.env.CXX ?? 'g++';
  run(compiler, ['--version'], { unavailable: `no C++ compiler (${compiler})` });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `@tensorflow/tfjs-node@${TFJS}`], {
    cwd: folder,
    unavailable: 'npm cannot install tfjs-node',
  });

  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const platforms = ['manylinux_2_17', 'manylinux2014'].flatMap((tag) => ['--platform', `${tag}_${machine}`]);
  const wheels = join(folder, 'wheel');
  const wanted = ['--python-version', PYTHON, '--implementation', 'cp', ...platforms];
  run(
    'python3',
    ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', ...wanted, '-d', wheels].concat(
      `tensorflow-cpu==${TENSORFLOW}`,
    ),
    { unavailable: 'PyPI gives no tensorflow-cpu' },
  );
  const wheel = join(wheels, readdirSync(wheels)[0]);
  const parts = [
    'tensorflow/libtensorflow',
    'tensorflow/include/tensorflow/c/',
    'tensorflow/include/tensorflow/core/platform/ctstring',
    'tensorflow/include/xla/tsl/',
    'tensorflow/include/tsl/',
  ];
  const unpack = `import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
wheel.extractall(sys.argv[2], [n for n in wheel.namelist() if n.startswith(tuple(sys.argv[3:]))])`;
  run('python3', ['-c', unpack, wheel, folder, ...parts]);
  rmSync(wheels, { recursive: true });

  const library = join(folder, 'tensorflow');
  const node = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  const output = join(node, 'lib', `napi-v${NAPI}`);
  mkdirSync(output, { recursive: true });
  run(compiler, [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', `-DNAPI_VERSION=${NAPI}`],
    ...['-I', include, '-I', join(library, 'include'), '-I', node],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(node, 'binding', file)),
    ...['-o', join(output, 'tfjs_binding.node')],
    ...[
      '-L',
      library,
      '-l:libtensorflow_cc.so.2',
      '-l:libtensorflow_framework.so.2',
      `-Wl,-rpath,${library}`,
    ],
  ]);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = resolve(process.argv[2] ?? 'tfjs-node');
  installTfjsNode(folder);
  console.log(`tfjs-node ${TFJS} with TensorFlow ${TENSORFLOW} is in ${folder}`);
}
