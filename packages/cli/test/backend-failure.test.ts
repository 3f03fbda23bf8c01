import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ancCli, inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 240_000 }); // whole runs, those that lose an engine in processes of their own

const require = createRequire(import.meta.url);
const built = (name: string): string =>
  JSON.stringify(
    pathToFileURL(require.resolve(`${name}/package.json`).replace('package.json', 'dist/index.js')).href,
  );

/**
 * A backend that computes as `onnx` does and loses its device in its 21st step, or the thread that it computes on;
 * another that ends its process.
 */
const flaky = `
import { AncError, definePlugin } from ${built('@anc/core')};
import { OnnxBackend } from ${built('@anc/backend-onnx')};
const options = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const threads = process.getBuiltinModule('node:worker_threads');
let thread = null;
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    thread = this;
  }
};
const loseDevice = () => {
  throw new AncError('ANC_DEVICE_LOST', 'the GPU was lost.', { hint: 'resume on another backend.' });
};
const create = (lose) => async () => {
  const inner = await OnnxBackend.create({ threads: 1 });
  let steps = 0;
  const mayLose = async () => {
    if (++steps > 20) await lose();
  };
  return {
    name: 'flaky', capabilities: inner.capabilities, environment: { device: 'none' },
    upload: (state) => inner.upload(state),
    compileFunction: (...args) => inner.compileFunction(...args),
    rehearse: (...args) => inner.rehearse(...args),
    compile: async (...args) => {
      const step = await inner.compile(...args);
      return { run: async (...to) => (await mayLose(), step.run(...to)), metrics: () => step.metrics(), dispose: () => step.dispose() };
    },
    dispose: () => inner.dispose(),
  };
};
export default definePlugin({
  name: 'flaky', apiVersion: 1,
  backends: {
    flaky: { options, create: create(loseDevice) },
    mortal: { options, create: create(() => void thread.terminate()) },
    deadly: { options, create: () => process.kill(process.pid, 'SIGKILL') },
  },
});`;

const request = [
  ['--limit-train', '128'],
  ['--limit-test', '50'],
  ['--batch-size', '16'],
  ['--epochs', '4'],
  ['--teacher-epochs', '1'],
  ['--teacher', 'cnn(widths=[4,4],features=8)'],
  ['--student', 'cnn(widths=[2,2],features=8)'],
  ['--methods', 'adversarial'],
  ['--plugins', './flaky.mjs'],
].flat();

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
  await writeFile(join(place.path, 'flaky.mjs'), flaky);
});
afterAll(() => place.remove());

const alone = (...args: string[]) => ancCli(args, { cwd: place.path });
const cli = (...args: string[]) => inProcess(args, place.path);
const errorOf = (stdout: string) =>
  (JSON.parse(stdout) as { error: { code: string; message: string } }).error;
const weightsOf = (run: string): Promise<Buffer> =>
  readFile(join(place.path, 'runs', run, 'student', 'adversarial', 'weights.safetensors'));

describe('a backend that fails in the middle of a run', () => {
  it('is one error with the remedy, and another backend goes on from the last checkpoint', async () => {
    const whole = await cli('run', ...request, '--backend', 'onnx', '--threads', '1', '--name', 'whole');
    expect(whole.code).toBe(0);

    const lost = await alone('run', ...request, '--student-backend', 'flaky', '--name', 'lost', '--json');
    expect(lost.code).toBe(1);
    expect(errorOf(lost.stdout)).toMatchObject({
      code: 'ANC_DEVICE_LOST',
      message: 'the GPU was lost.\n  resume on another backend.',
    });
    expect(lost.stderr).toContain(`continue with: anc-cli run --resume ${join('runs', 'lost')} --backend`);
    // 8 steps of the teacher, 8 of the student's first epoch, and a loss in the second.
    expect(await readdir(join(place.path, 'runs', 'lost', 'checkpoints', 'adversarial'))).not.toEqual([]);

    const absent = await alone('run', '--resume', 'runs/lost', '--backend', 'tfjs:node-gpu', '--json');
    expect(absent.code).toBe(2);
    expect(errorOf(absent.stdout).code).toMatch(/^ANC_BACKEND/);
    expect(errorOf(absent.stdout).message).toContain('npm install @tensorflow/tfjs-node-gpu@');

    const resumed = await cli('run', '--resume', 'runs/lost', '--backend', 'onnx', '--threads', '1');
    expect(resumed.stderr).toContain('backend changed since this run began');
    expect(resumed.code).toBe(0);
    expect((await weightsOf('lost')).equals(await weightsOf('whole'))).toBe(true);
  });
});

describe('an engine whose thread ends in the middle of a run', () => {
  it('is one error with the remedy, and another backend goes on from the last checkpoint', async () => {
    const lost = await alone('run', ...request, '--student-backend', 'mortal', '--name', 'dead', '--json');
    expect(lost.code).toBe(1);
    expect(errorOf(lost.stdout)).toMatchObject({
      code: 'ANC_ENGINE',
      message:
        "ONNX Runtime: the engine's thread ended with code 1\n" +
        '  the last checkpoint is intact: resume it, on this backend or another (--backend tfjs:wasm).',
    });
    expect(lost.stderr).not.toMatch(/^\s+at /m); // no stack
    const resumed = await cli('run', '--resume', 'runs/dead', '--backend', 'onnx', '--threads', '1');
    expect(resumed.code).toBe(0);
    expect((await weightsOf('dead')).equals(await weightsOf('whole'))).toBe(true);
  });
});

describe('a backend that is not there', () => {
  it('is refused with the command that installs it, and nothing is written', async () => {
    const { code, stdout } = await alone(
      'run',
      ...request,
      '--backend',
      'tfjs:node-gpu',
      '--out',
      'no',
      '--json',
    );
    expect(code).toBe(2);
    expect(errorOf(stdout)).toMatchObject({
      code: 'ANC_BACKEND_MISSING',
      message:
        'backend "tfjs:node-gpu" needs @tensorflow/tfjs-node-gpu, which is not installed.\n' +
        '  npm install @tensorflow/tfjs-node-gpu@4.22.0',
    });
    expect(await place.files()).not.toContain('no');
  });
});

describe('anc-cli doctor', () => {
  it('says of every backend that is asked for whether it works, and survives one that does not', async () => {
    const names = ['onnx', 'onnx:coreml', 'deadly', 'tfjs:node-gpu'];
    const { code, stdout } = await cli(
      'doctor',
      ...names,
      '--plugins',
      './flaky.mjs',
      '--seconds',
      '0.1',
      '--json',
    );
    expect(code).toBe(0);
    const { node, backends } = JSON.parse(stdout) as {
      node: string;
      backends: { name: string; usable: boolean }[];
    };
    expect(node).toBe(process.version);
    expect(backends.map(({ name }) => name)).toEqual(names);
    expect(backends[0]).toMatchObject({ usable: true, reason: null, remedy: null });
    expect(backends[0]).toMatchObject({ device: expect.stringContaining('threads') as string });
    expect(backends[0]).toMatchObject({ imagesPerSecond: expect.any(Number) as number });
    expect(backends[2]).toMatchObject({ usable: false, reason: 'its process ended with SIGKILL.' });
    expect(backends[3]).toMatchObject({
      usable: false,
      remedy: expect.stringMatching(/npm install @tensorflow\/tfjs-node-gpu@4\.22\.0$/) as string,
      install: '@tensorflow/tfjs-node-gpu@4.22.0',
    });
  });

  it('ends with 1 where nothing works, and refuses names that are not', async () => {
    expect((await cli('doctor', 'deadly', '--plugins', './flaky.mjs')).code).toBe(1);
    const { code, stdout } = await cli('doctor', '--seconds', 'all', '--json');
    expect([code, errorOf(stdout).message]).toEqual([2, expect.stringMatching(/^--seconds: .*\n.*all$/)]);
    const wrong = await cli('doctor', 'tfjs:wasmm', '--json');
    expect(wrong.code).toBe(2);
    expect(errorOf(wrong.stdout).message).toContain('did you mean "tfjs:wasm"');
  });
});

describe('auto', () => {
  it('measures, says what it chose and why, and records it', async () => {
    const auto = 'auto(candidates=[onnx,tfjs:node-gpu],seconds=0.05)';
    const args = [...request, '--epochs', '1', '--backend', auto, '--name', 'auto'];
    const { code, stderr } = await cli('run', ...args);
    expect(code).toBe(0);
    expect(stderr).toMatch(/backend auto: onnx \([\d,.]+ images\/s\); not usable: tfjs:node-gpu\./);
    const read = (name: string): Promise<string> => readFile(join(place.path, 'runs', 'auto', name), 'utf8');
    expect(await read('config.resolved.yaml')).toMatch(/^backend: onnx$/m);
    expect(JSON.parse(await read('environment.json'))).toMatchObject({
      backendChoice: { chosen: { name: 'onnx' }, readings: [{ usable: true }, { usable: false }] },
    });
  });

  it('fails where nothing works, with each reason', async () => {
    const auto = 'auto(candidates=[deadly])';
    const { code, stdout } = await cli('run', ...request, '--backend', auto, '--out', 'no', '--json');
    expect(code).toBe(2);
    expect(errorOf(stdout)).toMatchObject({ code: 'ANC_BACKEND_MISSING' });
    expect(errorOf(stdout).message).toContain('deadly: its process ended with SIGKILL.');
    expect(await place.files()).not.toContain('no');
  });
});
