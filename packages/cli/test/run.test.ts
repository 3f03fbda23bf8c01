import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors } from '@anc/formats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { ancCli, inProcess, workplace, type Workplace } from './anc-cli.js';

/** Tiny networks on little data: seconds, and every part of a run takes part. */
const few = [
  ['--limit-train', '256'],
  ['--limit-test', '100'], // no multiple of the batch: evaluation pads and counts each image once
  ['--batch-size', '32'],
  ['--epochs', '3'],
  ['--teacher-epochs', '1'],
  ['--seed', '3'],
  ['--teacher', 'cnn(widths=[4,4],features=8,batchNorm=true)'],
  ['--student', 'cnn(widths=[2,2],features=8)'],
  ['--crop', '2'],
  ['--views', '3'],
].flat();
const tiny = [...few, '--methods', 'supervised,l2,adversarial'];

/** The same with fewer students: each starts from the same weights, whoever else there is. */
const fewer = (methods: string): string[] => [...few, '--methods', methods];

vi.setConfig({ testTimeout: 240_000 }); // whole runs in processes of their own

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
});
afterAll(() => place.remove());

const inside = (...parts: string[]): string => join(place.path, 'runs', ...parts);
const weightsOf = (run: string, ...player: string[]): Promise<Buffer> =>
  readFile(inside(run, ...player, 'weights.safetensors'));

interface Metrics {
  player: string;
  step: number;
  seconds: number;
}
const metricsOf = async (run: string): Promise<Metrics[]> =>
  (await readFile(inside(run, 'metrics.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Metrics);

describe('anc-cli run', () => {
  it('trains, compares and prints one document', async () => {
    const { code, stdout } = await ancCli(['run', ...tiny, '--name', 'whole', '--json'], { cwd: place.path });
    expect(code).toBe(0);
    const fraction = expect.closeTo(0.5, 0) as number;
    const student = {
      model: 'cnn',
      testError: fraction,
      parameters: 940,
      seconds: expect.any(Number) as number,
    };
    expect(JSON.parse(stdout)).toMatchObject({
      run: join('runs', 'whole'),
      dataset: 'glyphs',
      backend: 'onnx',
      seed: 3,
      teacher: { model: 'cnn', testError: fraction, flops: expect.any(Number) as number },
      students: [
        { method: 'supervised', ...student },
        { method: 'l2', ...student, agreement: expect.any(Number) as number },
        {
          method: 'adversarial',
          ...student,
          diagnostics: {
            auc: expect.any(Number) as number,
            dTeacher: expect.any(Number) as number,
            dStudent: expect.any(Number) as number,
            gradientRatio: expect.any(Number) as number,
            gradientCosine: expect.any(Number) as number,
          },
        },
      ],
    });
  });

  it('leaves a folder that says everything', async () => {
    expect((await readdir(inside('whole'))).sort()).toEqual([
      'SHA256SUMS',
      'checkpoints',
      'config.resolved.yaml',
      'data.json',
      'environment.json',
      expect.stringMatching(/^events\.out\.tfevents\.\d+\.whole\.anc$/),
      'latency.json',
      'metrics.jsonl',
      'report.html',
      'result.json',
      'student',
      'teacher',
      'training-images.png',
    ]);
    const config = parse(await readFile(inside('whole', 'config.resolved.yaml'), 'utf8')) as object;
    expect(config).toMatchObject({ seed: 3, epochs: 3, student: { name: 'cnn', widths: [2, 2] } });
    const environment = JSON.parse(await readFile(inside('whole', 'environment.json'), 'utf8')) as object;
    expect(environment).toMatchObject({
      seed: 3,
      node: process.version,
      backend: { name: 'onnx' },
      versions: { 'anc-cli': expect.any(String) as string },
      methods: { adversarial: { regularizer: { name: 'adversarial-samples' } } },
    });
    const { metadata, tensors } = decodeSafetensors(await weightsOf('whole', 'student', 'l2'));
    expect(metadata).toMatchObject({ model: 'cnn', method: 'l2', input: '[28,28,1]' });
    expect(Object.keys(tensors)).toContain('params/logits/weights');
    expect(await readFile(inside('whole', 'student', 'l2', 'README.md'), 'utf8')).toMatch(/without labels/);
    expect(await readdir(inside('whole', 'checkpoints'))).toEqual([]);
  });

  it('refuses to run into it again, and leaves it alone', async () => {
    const before = await weightsOf('whole', 'teacher');
    const { code, stderr } = await inProcess(['run', ...tiny, '--name', 'whole'], place.path);
    expect(code).toBe(2);
    expect(stderr).toMatch(/exists already[^]*--resume/);
    expect(await weightsOf('whole', 'teacher')).toEqual(before);
  });

  it('stops at Ctrl-C after the step, says how to go on, and ends with the same bytes', async () => {
    const interrupt = { after: 'adversarial (3 of 3)  epoch 1/3 done', signal: 'SIGINT' } as const;
    const args = ['run', ...fewer('l2,adversarial'), '--name', 'cut'];
    const cut = await ancCli(args, { cwd: place.path, interrupt });
    expect(cut.code).toBe(130);
    expect(cut.stderr).toContain(`anc-cli run --resume ${join('runs', 'cut')}`);
    const resumed = await inProcess(['run', '--resume', 'runs/cut', '--json'], place.path);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain('l2: finished before');
    expect(resumed.stderr).toContain('adversarial (3 of 3)  epoch 2/3 done');
    expect(resumed.stderr).not.toContain('epoch 1/3 done'); // it went on, and did not start over
    for (const player of [['teacher'], ['student', 'l2'], ['student', 'adversarial']]) {
      expect(await weightsOf('cut', ...player)).toEqual(await weightsOf('whole', ...player));
    }
    const order = (records: Metrics[]) =>
      records.filter(({ player }) => player !== 'supervised').map(({ player, step }) => [player, step]);
    expect(order(await metricsOf('cut'))).toEqual(order(await metricsOf('whole')));
  });

  it('survives a kill and a checkpoint that was cut short', async () => {
    const interrupt = { after: 'l2 (2 of 2)  epoch 2/3 done', signal: 'SIGKILL' } as const;
    const args = ['run', ...fewer('l2'), '--name', 'killed'];
    const killed = await ancCli(args, { cwd: place.path, interrupt });
    expect(killed.signal).toBe('SIGKILL');
    const folder = inside('killed', 'checkpoints', 'l2');
    const newest = (await readdir(folder))
      .filter((file) => file.endsWith('.safetensors'))
      .sort()
      .at(-1)!;
    await truncate(join(folder, newest), 100);
    await writeFile(join(folder, '99999999.safetensors.1.tmp'), 'half');
    const resumed = await inProcess(['run', '--resume', 'runs/killed'], place.path);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/cannot be used .* going back to the one before/);
    expect(await weightsOf('killed', 'student', 'l2')).toEqual(await weightsOf('whole', 'student', 'l2'));
  });

  it('continues with its own options only', async () => {
    const args = ['run', '--resume', 'runs/whole', '--epochs', '9'];
    const { code, stderr } = await inProcess(args, place.path);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--epochs: a run is resumed with its own options/);
  });

  it('fails with 1 once work has begun', async () => {
    const flags = [
      '--learning-rate',
      '1e30',
      '--optimizer',
      'sgd',
      '--schedule',
      'constant',
      '--warmup',
      '0',
      '--json',
    ];
    const { code, stdout } = await inProcess(['run', ...tiny, ...flags, '--name', 'diverged'], place.path);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ANC_DIVERGED' } });
  });

  it('fails with 1 where a student diverged, after the others, whose results it shows', async () => {
    const methods = ['--methods', 'l2,kd(optimizer={learningRate: 0.001})'];
    const flags = [
      '--teacher-learning-rate',
      '0.001',
      '--learning-rate',
      '1e38',
      '--warmup',
      '0',
      ...methods,
    ];
    const run = ['run', ...few, ...flags, '--name', 'one-diverged'];
    const { code, stdout, stderr } = await inProcess(run, place.path);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\bl2 .*diverged/);
    expect(stdout).toMatch(/\bkd .*%/);
    expect(stderr.match(/error: /g)).toHaveLength(1);
    expect(stderr).toMatch(/error: training of l2 diverged; .*--resume .*--learning-rate <lower>/s);
    const again = await inProcess(['run', '--resume', join('runs', 'one-diverged'), '--json'], place.path);
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout)).toMatchObject({
      students: [{ name: 'kd' }],
      diverged: [{ name: 'l2' }],
      error: { code: 'ANC_DIVERGED' },
    });
  });
});
