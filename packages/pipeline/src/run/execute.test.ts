import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunHook } from '@anc/core';
import { NetworkTeacher } from '@anc/core/internal';
import { decodeSafetensors } from '@anc/formats';
import { renderReport, RunFolder } from '@anc/runtime';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cornerTeacher } from '../../test/corner-teacher.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions } from '../../test/tiny-plugins.js';
import type { ModelResult, RunResult } from '../events/documents.js';
import type { RunEvent } from '../events/events.js';
import type { PlannedHook } from '../hooks/hook-runner.js';
import type { OpenTeacher } from '../planning/given-teacher.js';
import type { SharedTeacherOutputs } from '../training/teacher-cache.js';
import { report } from '../api/report.js';
import { findModelInRun } from '../classifier/find-model.js';
import { executeRun } from './execute.js';
import { resultOfRun } from './part.js';
import { readDocument } from './read-document.js';
import { resumeRun, startRun, type StartedRun } from './start.js';

type Flat = Readonly<Record<string, unknown>>;
const flat = {
  ...tinyOptions,
  discriminator: 'mlp(units=[4])',
  methods: ['supervised', 'l2', 'adversarial'],
};

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-execute-'));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const composition = tinyComposition();
const at = (...parts: string[]): string => join(cwd, 'runs', ...parts);
const textOf = (...parts: string[]): Promise<string> => readFile(at(...parts), 'utf8');
const weightsOf = (...parts: string[]): Promise<Buffer> => readFile(at(...parts, 'weights.safetensors'));

const start = (name: string, more: Flat = {}, openTeacher?: OpenTeacher): Promise<StartedRun> =>
  startRun({
    ...resolveFlat({ ...flat, ...more, name }),
    composition,
    cwd,
    emit: () => undefined,
    ...(openTeacher && { openTeacher }),
  });

const reopen = (name: string, openTeacher?: OpenTeacher): Promise<StartedRun> =>
  resumeRun({
    path: at(name),
    cwd,
    emit: () => undefined,
    changes: {},
    compose: () => Promise.resolve(composition),
    ...(openTeacher && { openTeacher }),
  });

/** Executes a started run to its end, its interruption, or its error. */
async function execute(
  starting: Promise<StartedRun>,
  onEvent: (event: RunEvent, abort: () => void) => void = () => undefined,
  shared?: SharedTeacherOutputs,
  continueStopped = false,
) {
  const run = await starting;
  const events: RunEvent[] = [];
  const controller = new AbortController();
  try {
    const result = await executeRun({
      ...run,
      emit: (event) => {
        events.push(event);
        onEvent(event, () => controller.abort());
      },
      signal: controller.signal,
      ...(shared && { shared }),
      continueStopped,
    });
    return { result, events };
  } finally {
    await run.release();
  }
}

/** Which models were trained, and which were read. */
const coursesOf = (events: readonly RunEvent[]): (readonly [string, boolean])[] =>
  events.filter((event) => event.type === 'result').map(({ model, trained }) => [model, trained] as const);

/** A document without durations. */
const timeless = (result: RunResult | null): unknown =>
  JSON.parse(
    JSON.stringify(result, (key, value: unknown) => (key === 'seconds' || key === 'run' ? 0 : value)),
  );

describe('a whole run', () => {
  let result: RunResult;
  let events: readonly RunEvent[];
  beforeAll(async () => {
    const done = await execute(start('whole', { validation: 0.25 }));
    result = done.result!;
    events = done.events;
  });

  it('gives one document of the teacher and all students', () => {
    expect(result).toMatchObject({
      run: join('runs', 'whole'),
      dataset: 'corners',
      backend: 'one',
      seed: 3,
      teacher: { model: 'cnn', parameters: (9 + 1) * 3 + (48 + 1) * 6 + (6 + 1) * 4 },
      students: [
        { method: 'supervised', name: 'supervised', model: 'cnn' },
        { method: 'l2', name: 'l2' },
        { method: 'adversarial', name: 'adversarial', diagnostics: { auc: expect.any(Number) as number } },
      ],
    });
    expect(result.teacher).not.toHaveProperty('agreement');
    expect(result.teacher).not.toHaveProperty('testTop5Error'); // of four classes
    for (const student of result.students) {
      expect(Number.isInteger(20 * student.testError!)).toBe(true); // 20 test images
      expect(Number.isInteger(20 * student.agreement!)).toBe(true);
      expect(student.seconds).toBeGreaterThan(0);
      expect(student.best!.epoch).toBeGreaterThanOrEqual(1);
      expect(student.best!.epoch).toBeLessThanOrEqual(2);
    }
    expect(result).toHaveProperty('reading', result.interpretation);
    expect(result.interpretation.join('\n')).toMatch(/^adversarial: the adversarial term is /m);
  });

  it('writes the document, a page, and a log of all epochs', async () => {
    expect(readDocument(await textOf('whole', 'result.json'))).toEqual(result);
    expect(await textOf('whole', 'report.html')).toContain('adversarial');
    const log = (await textOf('whole', 'metrics.jsonl')).trimEnd().split('\n');
    expect(log).toHaveLength(2 * 4); // epochs × models
    expect(await readdir(at('whole', 'checkpoints'))).toEqual([]);
  });

  it('writes for every model what its user needs', async () => {
    for (const [place, model] of [
      [['teacher'], result.teacher],
      [['student', 'supervised'], result.students[0]!],
      [['student', 'l2'], result.students[1]!],
      [['student', 'adversarial'], result.students[2]!],
    ] as const) {
      expect((await readdir(at('whole', ...place))).sort()).toEqual([
        'README.md',
        ...(place[0] === 'teacher' ? [] : ['analysis.json']),
        'best',
        ...(place[0] === 'teacher' ? [] : ['disagreements.png']),
        'result.json',
        'weights.safetensors',
      ]);
      expect(readDocument(await textOf('whole', ...place, 'result.json'))).toEqual(model);
      const weights = await weightsOf('whole', ...place);
      expect(weights.length).toBe(model.bytes);
      const { metadata, tensors } = decodeSafetensors(weights);
      expect(metadata).toMatchObject({
        model: 'cnn',
        input: '[8,8,1]',
        classes: '["nw","ne","sw","se"]',
        dataset: 'corners',
        seed: '3',
        method: place[1] ?? 'supervised',
      });
      expect(Object.keys(tensors)).toContain('params/logits/weights');
      const best = decodeSafetensors(await weightsOf('whole', ...place, 'best'));
      if (model.best!.epoch === 2) expect(best.tensors).toEqual(tensors);
      else expect(best.tensors).not.toEqual(tensors);
    }
  });

  it('reports models in their order, each with its place', () => {
    const models = events.filter((event) => event.type === 'model');
    expect(models.map(({ model, role, index, count }) => [model, role, index, count])).toEqual([
      ['teacher', 'teacher', 1, 4],
      ['supervised', 'student', 2, 4],
      ['l2', 'student', 3, 4],
      ['adversarial', 'student', 4, 4],
    ]);
    expect(coursesOf(events)).toEqual([
      ['teacher', true],
      ['supervised', true],
      ['l2', true],
      ['adversarial', true],
    ]);
    const messages = events.filter((event) => event.type === 'message').map(({ message }) => message);
    expect(messages).toHaveLength(2); // supervised asks no teacher
    for (const line of messages) expect(line).toMatch(/^teacher cache: [1-9].* % hits/);
  });

  it('is read where it is continued: nothing is trained again', async () => {
    const before = await weightsOf('whole', 'student', 'l2');
    const again = await execute(reopen('whole'));
    expect(again.result).toEqual(result);
    expect(coursesOf(again.events).map(([, trained]) => trained)).toEqual([false, false, false, false]);
    expect(again.events.filter(({ type }) => type === 'step' || type === 'epoch')).toEqual([]);
    expect(await weightsOf('whole', 'student', 'l2')).toEqual(before);
  });
});

describe('a run that did not end', () => {
  let whole: RunResult;
  beforeAll(async () => {
    whole = (await execute(start('reference'))).result!;
  });

  async function expectSame(name: string, result: RunResult | null): Promise<void> {
    expect(timeless(result)).toEqual(timeless(whole));
    for (const { name: student } of whole.students) {
      expect(await weightsOf(name, 'student', student)).toEqual(
        await weightsOf('reference', 'student', student),
      );
    }
  }

  it('gives null where it was aborted, and continues to the same result', async () => {
    const first = await execute(start('aborted'), (event, abort) => {
      if (event.type === 'epoch' && event.model === 'l2') abort();
    });
    expect(first.result).toBeNull();
    expect(coursesOf(first.events)).toEqual([
      ['teacher', true],
      ['supervised', true],
    ]);
    expect(await readdir(at('aborted'))).not.toContain('result.json');
    expect(await readdir(at('aborted', 'checkpoints'))).toEqual(['l2']);
    const second = await execute(reopen('aborted'));
    expect(coursesOf(second.events)).toEqual([
      ['teacher', false],
      ['supervised', false],
      ['l2', true],
      ['adversarial', true],
    ]);
    expect(second.events.filter((event) => event.type === 'epoch' && event.model === 'l2')).toHaveLength(1);
    await expectSame('aborted', second.result);
  });

  it('gives null where it was aborted during evaluation', async () => {
    const first = await execute(start('evaluating'), (event, abort) => {
      if (event.type === 'activity' && event.what === 'test images') abort();
    });
    expect(first.result).toBeNull();
    const second = await execute(reopen('evaluating'));
    expect(second.events.filter((event) => event.type === 'epoch' && event.model === 'teacher')).toEqual([]);
    await expectSame('evaluating', second.result);
  });

  it('keeps the models that were finished before a failure', async () => {
    const failing = execute(start('failed'), (event) => {
      if (event.type === 'step' && event.model === 'adversarial') throw new Error('no space left on device');
    });
    await expect(failing).rejects.toThrow('no space left on device');
    expect(await readdir(at('failed', 'student', 'l2'))).toContain('result.json');
    const second = await execute(reopen('failed'));
    expect(coursesOf(second.events)).toEqual([
      ['teacher', false],
      ['supervised', false],
      ['l2', false],
      ['adversarial', true],
    ]);
    await expectSame('failed', second.result);
  });

  it('disposes the trained teacher once', async () => {
    const disposed = vi.spyOn(NetworkTeacher.prototype, 'dispose');
    await execute(start('disposed', { methods: ['l2'] }));
    expect(disposed).toHaveBeenCalledTimes(1);
    disposed.mockRestore();
  });

  it('disposes the trained teacher where its predictions fail', async () => {
    const disposed = vi.spyOn(NetworkTeacher.prototype, 'dispose');
    const failing = execute(start('unpredicted'), (event) => {
      if (event.type === 'activity' && event.what.startsWith('teacher on')) throw new Error('out of memory');
    });
    await expect(failing).rejects.toThrow('out of memory');
    expect(disposed).toHaveBeenCalledTimes(1);
    disposed.mockRestore();
  });

  it('passes on an error that comes with an interruption', async () => {
    const failing = execute(start('both'), (event, abort) => {
      if (event.type !== 'epoch') return;
      abort();
      throw new Error('no space left on device');
    });
    await expect(failing).rejects.toThrow('no space left on device');
  });

  it('removes the checkpoints of a model whose result was written last', async () => {
    await execute(start('cleared', { methods: ['l2'] }));
    const left = at('cleared', 'checkpoints', 'l2');
    await mkdir(left, { recursive: true });
    await writeFile(join(left, '00000001.json'), '{}');
    await execute(reopen('cleared'));
    expect(await readdir(at('cleared', 'checkpoints'))).toEqual([]);
  });
});

describe('a run that did not end and lost its best weights', () => {
  it('trains that model from the start, as the advice says', async () => {
    const options = { methods: ['l2'], validation: 0.25 };
    const expected = await execute(start('best-whole', options, cornerTeacher().open));
    await execute(start('best-lost', options, cornerTeacher().open), (event, abort) => {
      if (event.type === 'epoch' && event.model === 'l2') abort();
    });
    const best = at('best-lost', 'student', 'l2', 'best', 'weights.safetensors');
    await writeFile(best, (await readFile(best)).subarray(0, 40));
    const resume = () => execute(reopen('best-lost', cornerTeacher().open));
    await expect(resume()).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
    await rm(at('best-lost', 'student', 'l2'), { recursive: true });
    const { events, result } = await resume();
    expect(events).toContainEqual({
      type: 'notice',
      message: 'l2: the weights of its best epoch are gone, so it is trained again from the start.',
    });
    const epochs = (all: readonly RunEvent[]) => all.filter(({ type }) => type === 'epoch').length;
    expect(epochs(events)).toBe(epochs(expected.events));
    expect(timeless(result)).toEqual(timeless(expected.result));
    expect(await readFile(best)).toEqual(
      await readFile(at('best-whole', 'student', 'l2', 'best', 'weights.safetensors')),
    );
  });
});

describe('the report of a run', () => {
  it('is a notice where it cannot be written, and the run is complete', async () => {
    const run = await start('no-report', { methods: ['l2'] });
    await mkdir(at('no-report', 'report.html')); // nothing can be renamed to it
    const { result, events } = await execute(Promise.resolve(run));
    expect(result!.students).toHaveLength(1);
    const notices = events.filter((event) => event.type === 'notice').map(({ message }) => message);
    expect(notices.at(-1)).toMatch(/the report was not written .*anc-cli report runs\/no-report writes it/);
    await rm(at('no-report', 'report.html'), { recursive: true });
    expect(await report(at('no-report'), { cwd })).toMatchObject({ kind: 'run', finished: true });
    expect(await textOf('no-report', 'report.html')).toContain('<th scope="row">l2</th>');
  });

  it('shows where students differ from the teacher, the data and the objective', async () => {
    const page = await textOf('whole', 'report.html');
    for (const text of [
      'Is it accurate enough?',
      'Where l2 differs from the teacher',
      'worst disagreements',
      '<h3>Training images',
      'f_t − f_s‖²',
    ]) {
      expect(page).toContain(text);
    }
    expect(page).not.toMatch(/<script|(?:src|href)="(?!#|data:)/);
  });

  it('does without what earlier versions did not write', async () => {
    const folder = await RunFolder.open(at('whole'));
    const { result } = await resultOfRun(folder);
    const documents = ['data.json', 'latency.json', ...result.students.map(({ name }) => `student/${name}/analysis.json`)]; // prettier-ignore
    for (const name of documents) await rename(at('whole', name), at('whole', `${name}.away`));
    try {
      const page = await renderReport(folder, result);
      expect(page).toContain('What was lost?');
      expect(page).not.toMatch(/differs from the teacher|<h3>Training images|>latency</);
    } finally {
      for (const name of documents) await rename(at('whole', `${name}.away`), at('whole', name));
    }
  });

  it('shows what is finished of a run that is not', async () => {
    await execute(start('part', { methods: ['l2', 'kd'] }), (event, abort) => {
      if (event.type === 'result' && event.model === 'l2') abort();
    });
    expect(await report(at('part'), { cwd })).toMatchObject({ finished: false });
    const page = await textOf('part', 'report.html');
    expect(page).toMatch(
      /teacher<\/th>[^]*l2<\/th>[^]*kd<\/th>\s*<td class="word" colspan="[789]">not finished/,
    );
  });
});

describe('files of a finished run', () => {
  const models = ['teacher', join('student', 'l2')];
  it.each(models)(
    'are verified where the run is continued, and %s can be trained again alone',
    async (model) => {
      const name = `damaged-${model.replace(/\W/, '-')}`;
      await execute(start(name, { methods: ['l2', 'supervised'] }));
      const whole = await weightsOf(name, model);
      const result = await textOf(name, model, 'result.json');
      const resume = () => execute(reopen(name));
      for (const damaged of [
        Buffer.from(whole).fill(1, whole.length - 4),
        whole.subarray(0, whole.length >> 1),
      ]) {
        await writeFile(at(name, model, 'weights.safetensors'), damaged);
        await expect(resume()).rejects.toMatchObject({
          code: 'ANC_RUN_DAMAGED',
          message: `${at(name, model, 'weights.safetensors')} is damaged.`,
          detail: { hint: expect.stringContaining('that model is trained again') as string },
        });
      }
      await writeFile(at(name, model, 'weights.safetensors'), whole);
      await writeFile(at(name, model, 'result.json'), result.slice(0, 20));
      await expect(resume()).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
      await rm(at(name, model), { recursive: true });
      const { events } = await resume();
      const trained = coursesOf(events).filter(([, trained]) => trained);
      expect(trained).toEqual([[model.split(/\W/).at(-1)!, true]]);
      expect((await weightsOf(name, model)).equals(whole)).toBe(true);
    },
  );

  it('are looked for where the run is continued: a card is written again, weights are named', async () => {
    const options = { methods: ['l2(quantize=ttq)'], validation: 0.25, ema: 0.5 };
    await execute(start('incomplete', options, cornerTeacher().open));
    const resume = () => execute(reopen('incomplete', cornerTeacher().open));
    const student = (...parts: string[]) => at('incomplete', 'student', 'l2', ...parts);
    const card = await readFile(student('README.md'));
    await rm(student('README.md'));
    const { events } = await resume();
    expect(coursesOf(events).filter(([, trained]) => trained)).toEqual([]);
    expect((await readFile(student('README.md'))).equals(card)).toBe(true);
    for (const parts of [
      ['best', 'weights.safetensors'],
      ['ema', 'weights.safetensors'],
      ['compact.safetensors'],
    ]) {
      const whole = await readFile(student(...parts));
      await rm(student(...parts));
      await expect(resume()).rejects.toMatchObject({
        code: 'ANC_RUN_DAMAGED',
        message: `${student(...parts)} is damaged.`,
        detail: { received: 'no such file', hint: expect.stringContaining('trained again') as string },
      });
      await writeFile(student(...parts), whole);
    }
    await resume();
  });

  it('are verified by the results alone in a folder of an earlier version', async () => {
    await execute(start('earlier', { methods: ['l2'] }));
    await rm(at('earlier', 'SHA256SUMS'));
    await execute(reopen('earlier'));
    await rm(at('earlier', 'SHA256SUMS'));
    const path = at('earlier', 'student', 'l2', 'weights.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(path, bytes);
    await expect(execute(reopen('earlier'))).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
    await expect(findModelInRun(at('earlier'), 'l2', cwd)).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
  });
});

describe('a result of an earlier version', () => {
  it('of weights that are not finite is none', async () => {
    await execute(start('poisoned', { methods: ['l2', 'kd'] }));
    const path = at('poisoned', 'student', 'l2', 'weights.safetensors');
    const bytes = await readFile(path);
    bytes.fill(0xff, bytes.length - 4); // a NaN
    await writeFile(path, bytes);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const result = JSON.parse(await textOf('poisoned', 'student', 'l2', 'result.json')) as object;
    const written = JSON.stringify({ ...result, weights: digest });
    await writeFile(at('poisoned', 'student', 'l2', 'result.json'), written);
    await rm(at('poisoned', 'SHA256SUMS'));
    const resumed = await execute(reopen('poisoned'));
    expect(resumed.result!.students.map(({ name }) => name)).toEqual(['kd']);
    expect(resumed.result!.diverged).toMatchObject([
      {
        name: 'l2',
        message: expect.stringMatching(/^training diverged: a number of ".*" is NaN\.$/) as string,
      },
    ]);
  });
});

describe('a run in which a student diverges', () => {
  const fine = 'kd(optimizer={learningRate: 0.001})';
  const of = (learningRate: number, more: Flat = {}): Flat => ({
    ...{
      methods: ['l2', fine],
      optimizer: 'adam',
      schedule: 'constant',
      warmup: 0,
      teacherLearningRate: 0.001,
    },
    ...{ learningRate, ...more },
  });

  it.each([
    ['a loss', 1e30, {}],
    ['the state', 1e38, { batchSize: 48, epochs: 1 }], // one step: its loss is of before it
    ['the logits', 1e25, { batchSize: 48, epochs: 1 }], // finite weights, products that are not
  ])('names it, writes no weights of it, and trains the others: %s', async (what, rate, more) => {
    const name = `diverged-${what.replace(' ', '-')}`;
    const { result, events } = await execute(start(name, of(rate, more)));
    expect(result!.students.map((student) => student.name)).toEqual(['kd']);
    expect(result!.diverged).toMatchObject([
      { name: 'l2', method: 'l2', model: 'cnn', stage: 'l2', epoch: 1 },
    ]);
    expect(result!.interpretation[0]).toMatch(
      /^l2: diverged in epoch 1 and has no result \(training diverged/,
    );
    expect(coursesOf(events)).toEqual([['teacher', true], ['kd', true]]); // prettier-ignore
    expect(await readdir(at(name, 'student'))).toEqual(['kd']);
    expect(await textOf(name, 'report.html')).toMatch(/diverged in epoch 1, by step \d/);
    expect(JSON.parse(await textOf(name, 'result.json'))).toMatchObject({ diverged: [{ name: 'l2' }] });
  });

  it('is continued from its last finite checkpoint at a lower rate, which the results say', async () => {
    const more = { epochs: 3, teacherEpochs: 1, batchSize: 16 };
    await execute(start('lowered', of(1e30, more)));
    const run = resumeRun({
      ...{ path: at('lowered'), cwd, emit: () => undefined, changes: { learningRate: 1e-3 } },
      compose: () => Promise.resolve(composition),
    });
    const { result } = await execute(run);
    expect(result).not.toHaveProperty('diverged');
    expect(result!.students.map((student) => student.name)).toEqual(['l2', 'kd']);
    expect(result!.interpretation[0]).toBe(
      'Options were changed when the run was resumed: learningRate 1e+30 became 0.001 (finished before: teacher, kd). Models of before and after are not comparable.',
    );
    expect(await textOf('lowered', 'metrics.jsonl')).not.toContain('diverged');
  });

  it('ends where the teacher diverges', async () => {
    const failed = execute(start('teacher-diverged', of(0.001, { teacherLearningRate: 1e30 })));
    await expect(failed).rejects.toMatchObject({ code: 'ANC_DIVERGED' });
    expect(await readdir(at('teacher-diverged'))).not.toContain('teacher');
    const page = await textOf('teacher-diverged', 'report.html');
    expect(page).toMatch(/teacher<\/th>[^]*diverged in epoch 1, by step \d[^]*l2<\/th>[^]*not finished/);
  });
});

describe('a run that a hook stops', () => {
  const stopper = (model: string, stop: 'model' | 'run') => {
    const ends: string[] = [];
    const own: RunHook = {
      name: 'stopper',
      onError: 'end',
      onStep: (step) =>
        step.model.name === model && step.progress.step === 2 ? { stop, reason: 'enough' } : undefined,
      onRunEnd: ({ outcome }) => void ends.push(outcome),
    };
    return { planned: { hook: own, plugin: 'test' }, ends };
  };
  const withHook = async (starting: Promise<StartedRun>, hook: PlannedHook): Promise<StartedRun> => {
    const run = await starting;
    return { ...run, plan: { ...run.plan, hooks: [...run.plan.hooks, hook] } };
  };
  const methods = ['l2', 'kd', 'supervised'];

  it('trains no other model, says so, and goes on where that is asked for', async () => {
    const name = 'stopped-run';
    const { planned, ends } = stopper('l2', 'run');
    const { result, events } = await execute(withHook(start(name, { methods }), planned));
    expect(ends).toEqual(['stopped']);
    expect(coursesOf(events)).toEqual([['teacher', true], ['l2', true]]); // prettier-ignore
    expect(result!.students.map((student) => student.name)).toEqual(['l2']);
    expect(result!.students[0]!.stopped).toMatchObject({ by: 'stopper', plugin: 'test', epoch: 1, step: 2 });
    expect(result).toMatchObject({
      stopped: { model: 'l2', stop: 'run', reason: 'enough' },
      notTrained: ['kd', 'supervised'],
    });
    expect(result!.interpretation.join('\n')).toContain('not trained: kd, supervised');
    expect(await report(at(name), { cwd })).toMatchObject({ finished: true });
    const again = await execute(reopen(name));
    expect(coursesOf(again.events)).toEqual([['teacher', false], ['l2', false]]); // prettier-ignore
    expect(again.result).toEqual(result);
    const continued = await execute(reopen(name), undefined, undefined, true);
    const whole = await execute(start('never-stopped', { methods }));
    expect(timeless(continued.result)).toEqual(timeless(whole.result));
    expect(await weightsOf(name, 'student', 'l2')).toEqual(await weightsOf('never-stopped', 'student', 'l2'));
  });
});

describe('a run with a given teacher', () => {
  it('evaluates it and trains students only', async () => {
    const { open, teacher, counts } = cornerTeacher();
    const { result, events } = await execute(start('given', { methods: ['l2'] }, open));
    expect(result!.teacher).toEqual({
      model: 'corner teacher',
      testError: 0,
      parameters: 0,
      flops: null,
      seconds: 0,
      weights: 'corners',
      bytes: 0,
    });
    expect(coursesOf(events)).toEqual([
      ['teacher', false],
      ['l2', true],
    ]);
    const written = await textOf('given', 'teacher', 'result.json');
    expect(written).toContain('"flops": null');
    expect(readDocument<ModelResult>(written)).toEqual(result!.teacher);
    expect(await readdir(at('given', 'teacher'))).toEqual(['result.json']);
    expect(teacher.seen).toBeGreaterThan(0);
    expect(counts.disposed).toBe(1); // with the plan
  });

  it('measures agreement alone where there are no labels', async () => {
    const { open } = cornerTeacher();
    const dataset = { name: 'corners', labels: false };
    const { result } = await execute(start('unlabeled', { dataset, methods: ['l2', 'adversarial'] }, open));
    expect(result!.teacher.testError).toBeNull();
    for (const { testError, agreement } of result!.students) {
      expect(testError).toBeNull();
      expect(agreement).toBeGreaterThanOrEqual(0);
    }
  });

  it('learns from images of another dataset, and is measured on its own', async () => {
    const { open } = cornerTeacher();
    const transfer = { transferDataset: 'glyphs', methods: ['l2'], limitTrain: 16 };
    const { result } = await execute(start('transfer', transfer, open));
    expect(result).toMatchObject({ dataset: 'corners', transferDataset: 'glyphs' });
    expect(result!.students[0]!.testError).not.toBeNull();
    const sentence = /learned from images of glyphs, without labels; test error .* test images of corners/;
    expect(result!.interpretation.join('\n')).toMatch(sentence);
    expect(await textOf('transfer', 'student', 'l2', 'README.md')).toMatch(sentence);
    expect(JSON.parse(await textOf('transfer', 'data.json'))).toMatchObject({
      splits: [
        { name: 'training', images: 16, labels: false, dataset: 'glyphs' },
        { name: 'test', labels: true },
      ],
    });
    const supervised = { ...transfer, methods: ['supervised'] };
    await expect(start('transfer-labels', supervised, open)).rejects.toMatchObject({ code: 'ANC_LABELS' });
  });

  it('does not ask it again for the next run on the same images', async () => {
    const { open, teacher } = cornerTeacher();
    const shared: SharedTeacherOutputs = {};
    const first = await execute(start('shared-1', { methods: ['l2'] }, open), undefined, shared);
    const { seen } = teacher;
    const second = await execute(start('shared-2', { methods: ['l2'] }, open), undefined, shared);
    expect(teacher.seen).toBe(seen + 48); // the look at its predictions
    expect(timeless(second.result)).toEqual(timeless(first.result));
  });
});

describe('a quantized student', () => {
  it('is also written in its compact form, whose size counts', async () => {
    const { result } = await execute(
      start('quantized', { methods: ['l2(quantize=ttq)'] }, cornerTeacher().open),
    );
    const student = result!.students[0]!;
    const compact = await readFile(at('quantized', 'student', 'l2', 'compact.safetensors'));
    expect(student.bytes).toBe(compact.length);
    expect(decodeSafetensors(compact).metadata).toMatchObject({
      compact: expect.stringMatching(/^ttq/) as string,
      model: 'cnn',
    });
    expect(await textOf('quantized', 'student', 'l2', 'README.md')).toContain('compact.safetensors');
  });
});
