import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AncError, definePlugin, PLUGIN_API_VERSION } from '@anc/core';
import { RunFolder } from '@anc/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cornerTeacher } from '../../test/corner-teacher.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyComposition, tinyOptions, type TinyComposition } from '../../test/tiny-plugins.js';
import type { Emit, RunEvent } from '../events/events.js';
import { optionsOfModel } from '../files/recorded-options.js';
import { readOptions } from '../options/record.js';
import { assertName, resumeRun, startRun, type ResumeRequest, type StartRequest } from './start.js';

let cwd: string;
let composition: TinyComposition;
let events: RunEvent[];
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-start-'));
  composition = tinyComposition();
  events = [];
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const { open } = cornerTeacher();
/** Keeps events but the summary of the teacher's predictions. */
const emit: Emit = (event) => {
  if (event.type !== 'notice' || !event.message.startsWith("the teacher's predictions")) events.push(event);
};
const request = (flat: object = {}, more: Partial<StartRequest> = {}): StartRequest => ({
  ...resolveFlat({ ...tinyOptions, methods: ['l2'], ...flat }),
  composition,
  cwd,
  emit,
  openTeacher: open,
  ...more,
});
const resumeRequest = (path: string, more: Partial<ResumeRequest> = {}): ResumeRequest => ({
  path,
  cwd,
  emit,
  changes: {},
  compose: () => Promise.resolve(composition),
  openTeacher: open,
  ...more,
});

/** Starts a run and lets go of it. */
async function started(flat: object = {}, more: Partial<StartRequest> = {}): Promise<string> {
  const run = await startRun(request(flat, more));
  await run.release();
  return run.folder.path;
}

const locks = async (path: string): Promise<string[]> =>
  (await readdir(path)).filter((name) => name.startsWith('.lock'));
const allClosed = (): void => expect([...composition.closed].sort()).toEqual([...composition.opened].sort());

describe('a new run', () => {
  it('creates its folder with its options and its environment, and holds it', async () => {
    const run = await startRun(request({ name: 'mine', seed: 5 }));
    expect(run.folder.path).toBe(join(cwd, 'runs', 'mine'));
    expect(run.shown).toBe(join('runs', 'mine'));
    const options = readOptions(await run.folder.readConfig());
    expect(options).toMatchObject({ training: { seed: 5 }, output: { directory: 'runs', name: 'mine' } });
    const environment = JSON.parse(
      await readFile(join(run.folder.path, 'environment.json'), 'utf8'),
    ) as object;
    expect(environment).toMatchObject({
      seed: 5,
      backend: { name: 'one' },
      data: { train: { count: 48 }, test: { count: 20 }, teacher: 'corners' },
      methods: { l2: { lambda: expect.any(Number) as number } },
    });
    await expect(resumeRun(resumeRequest('runs/mine'))).rejects.toMatchObject({ code: 'ANC_RUN_BUSY' });
    expect(composition.closed).toEqual([]);
    await run.release();
    allClosed();
    expect(await locks(run.folder.path)).toEqual([]);
  });

  it('takes the first free number where it has no name, and records it', async () => {
    expect(await started()).toBe(join(cwd, 'runs', 'corners-1'));
    await mkdir(join(cwd, 'runs', 'corners-2'));
    const third = await started();
    expect(third).toBe(join(cwd, 'runs', 'corners-3'));
    const record = await (await RunFolder.open(third)).readConfig();
    expect(readOptions(record).output).toEqual({ directory: 'runs', name: 'corners-3' });
  });

  it('takes the next free number where another run takes this one while it is planned', async () => {
    const prepared = async (): Promise<void> => {
      await mkdir(join(cwd, 'runs', 'corners-1'), { recursive: true });
    };
    expect(await started({}, { prepared })).toBe(join(cwd, 'runs', 'corners-2'));
  });

  it('gives two runs that start at the same time two folders', async () => {
    const paths = await Promise.all([started(), started()]);
    expect(paths.map((path) => path.slice(-1)).sort()).toEqual(['1', '2']);
  });

  it('gives a notice of an option without effect, with its path', async () => {
    await started({ views: 3 });
    expect(events).toEqual([
      {
        type: 'notice',
        message: 'data.views has no effect: there are neither crops nor flips to draw.',
        path: ['data', 'views'],
        problem: 'has no effect: there are neither crops nor flips to draw.',
      },
    ]);
  });

  it("gives the plan's notices", async () => {
    await started({}, { openTeacher: cornerTeacher({ notices: ['read with care.'] }).open });
    expect(events).toEqual([{ type: 'notice', message: 'read with care.' }]);
  });

  it('records what the plan made of the options', async () => {
    const dataset = { name: 'corners', labels: false };
    const path = await started({ dataset, methods: undefined });
    const { methods } = readOptions(await (await RunFolder.open(path)).readConfig());
    expect(methods.map(({ name }) => name)).toEqual(['l2', 'kd', 'adversarial']);
  });
});

describe('a run that cannot start', () => {
  it.each<[string, object, string]>([
    ['an unknown method', { methods: ['l3'] }, 'ANC_UNKNOWN'],
    ['too few images', { batchSize: 64 }, 'ANC_DATA_TOO_FEW'],
    ['a backend that does not open', { studentBackend: 'broken' }, 'ANC_BACKEND_MISSING'],
    ['a name that is a path', { name: '../x' }, 'ANC_CONFIG'],
  ])('writes nothing: %s', async (_what, flat, code) => {
    const prepared = vi.fn(() => Promise.resolve());
    await expect(startRun(request(flat, { prepared }))).rejects.toMatchObject({ code });
    expect(await readdir(cwd)).toEqual([]);
    expect(prepared).not.toHaveBeenCalled();
    allClosed();
  });

  it('is refused before it is planned where its folder exists, and leaves that alone', async () => {
    const path = join(cwd, 'runs', 'mine');
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'file'), 'x');
    await expect(startRun(request({ name: 'mine' }))).rejects.toMatchObject({ code: 'ANC_RUN_EXISTS' });
    expect(composition.opened).toEqual([]);
    expect(await readdir(path)).toEqual(['file']);
  });

  it('writes nothing where its caller is not prepared, and closes what was opened', async () => {
    const prepared = () => Promise.reject(new AncError('ANC_RUN_UNWRITABLE', 'not now.'));
    await expect(startRun(request({}, { prepared }))).rejects.toThrow('not now.');
    expect(await readdir(cwd)).toEqual([]);
    allClosed();
  });

  it('lets go of the folder where the environment cannot be written', async () => {
    const writing = vi
      .spyOn(RunFolder.prototype, 'writeEnvironment')
      .mockRejectedValue(new Error('disk full'));
    try {
      await expect(startRun(request({ name: 'mine' }))).rejects.toThrow('disk full');
    } finally {
      writing.mockRestore();
    }
    expect(await locks(join(cwd, 'runs', 'mine'))).toEqual([]);
    allClosed();
    const run = await resumeRun(resumeRequest('runs/mine')); // writes what is missing
    expect(await readdir(run.folder.path)).toContain('environment.json');
    await run.release();
  });

  it('keeps a given name where another run takes it while this one is planned', async () => {
    const prepared = async (): Promise<void> => {
      await mkdir(join(cwd, 'runs', 'mine', 'anything'), { recursive: true });
    };
    await expect(startRun(request({ name: 'mine' }, { prepared }))).rejects.toMatchObject({
      code: 'ANC_RUN_EXISTS',
    });
    allClosed();
  });
});

describe('assertName', () => {
  it('takes a name and no path', () => {
    for (const name of ['mine', 'a b', '.hidden', undefined]) {
      expect(() => assertName({ directory: 'runs', ...(name === undefined ? {} : { name }) })).not.toThrow();
    }
    for (const name of ['a/b', '../a', '/a', 'a/']) {
      expect(() => assertName({ directory: 'runs', name })).toThrow(
        expect.objectContaining({
          code: 'ANC_CONFIG',
          message: 'output.name: expected a name, not a path.',
        }) as Error,
      );
    }
  });
});

describe('a run that is resumed', () => {
  it('has the options of its record and the folder to itself', async () => {
    const path = await started({ name: 'mine', seed: 9, methods: ['l2', 'l2'] });
    const run = await resumeRun(resumeRequest('runs/mine'));
    expect(run.folder.path).toBe(path);
    expect(run.plan.options.training.seed).toBe(9);
    expect(run.plan.students.map(({ name }) => name)).toEqual(['l2', 'l2-2']);
    expect(run.plan.unused).toEqual([]);
    expect(await locks(path)).toHaveLength(1);
    await run.release();
    expect(await locks(path)).toEqual([]);
    allClosed();
  });

  it.skipIf(process.platform === 'win32')(
    'of an earlier version keeps the names that its folder has for students',
    async () => {
      const { options, create } = composition.registries.methods.get('l2').contribution;
      const own = definePlugin({
        name: 'acme',
        apiVersion: PLUGIN_API_VERSION,
        methods: { 'acme:l2': { options, create } },
      });
      composition = tinyComposition(own);
      const path = await started({ methods: ['acme:l2', 'acme:l2', 'l2'], name: 'mine' });
      const namesNow = async (): Promise<string[]> => {
        const run = await resumeRun(resumeRequest(path));
        await run.release();
        return run.plan.students.map(({ name }) => name);
      };
      expect(await namesNow()).toEqual(['acme-l2', 'acme-l2-2', 'l2']);
      await mkdir(join(path, 'student', 'acme:l2'), { recursive: true });
      await mkdir(join(path, 'checkpoints', 'acme:l2-2'), { recursive: true });
      expect(await namesNow()).toEqual(['acme:l2', 'acme:l2-2', 'l2']);
    },
  );

  it('is refused where there is none', async () => {
    await mkdir(join(cwd, 'runs', 'mine'), { recursive: true });
    for (const path of ['runs/mine', 'nowhere']) {
      await expect(resumeRun(resumeRequest(path))).rejects.toMatchObject({ code: 'ANC_RUN_MISSING' });
    }
  });

  it('lets go of the folder where it cannot be planned', async () => {
    const path = await started();
    const compose = () => Promise.reject(new AncError('ANC_PLUGIN_MISSING', 'no such plugin.'));
    await expect(resumeRun(resumeRequest(path, { compose }))).rejects.toThrow('no such plugin.');
    expect(await locks(path)).toEqual([]);
    const changes = { studentBackend: 'broken' };
    await expect(resumeRun(resumeRequest(path, { changes }))).rejects.toMatchObject({
      code: 'ANC_BACKEND_MISSING',
    });
    expect(await locks(path)).toEqual([]);
    allClosed();
  });

  it('lets go of the folder and the backends where the data is other', async () => {
    const path = await started();
    const record = await readFile(join(path, 'environment.json'), 'utf8');
    await rm(join(path, 'SHA256SUMS')); // as in a folder of an earlier version
    await writeFile(join(path, 'environment.json'), record.replace('"count": 48', '"count": 47'));
    await expect(resumeRun(resumeRequest(path))).rejects.toMatchObject({ code: 'ANC_RUN_DATA' });
    expect(await locks(path)).toEqual([]);
    allClosed();
  });

  it('is refused where a file is damaged, with its name and how to recover', async () => {
    const path = await started();
    const record = await readFile(join(path, 'environment.json'), 'utf8');
    await writeFile(join(path, 'environment.json'), record.replace('"count": 48', '"count": 47'));
    await expect(resumeRun(resumeRequest(path))).rejects.toMatchObject({
      code: 'ANC_RUN_DAMAGED',
      message: `${join(path, 'environment.json')} is damaged.`,
    });
    expect(await locks(path)).toEqual([]);
  });

  describe('with other options', () => {
    const config = (path: string): Promise<string> => readFile(join(path, 'config.resolved.yaml'), 'utf8');
    const edit = async (path: string, from: RegExp, to: string): Promise<void> =>
      writeFile(join(path, 'config.resolved.yaml'), (await config(path)).replace(from, to));
    const environment = async (path: string): Promise<Record<string, unknown>> =>
      JSON.parse(await readFile(join(path, 'environment.json'), 'utf8')) as Record<string, unknown>;

    it('names those that were edited into the folder, and takes them on request, which is recorded', async () => {
      const path = await started();
      await edit(path, /^epochs: .*$/m, 'epochs: 7');
      const refused = { code: 'ANC_RUN_CHANGED', detail: { expected: 'epochs: 2', received: 'epochs: 7' } };
      await expect(resumeRun(resumeRequest(path))).rejects.toMatchObject(refused);
      const run = await resumeRun(resumeRequest(path, { acceptChanges: true }));
      await run.release();
      expect(run.plan.options.training.epochs).toBe(7);
      expect(await environment(path)).toMatchObject({
        options: { epochs: 7 },
        changes: [{ options: [{ key: 'epochs', from: 2, to: 7 }], finished: [] }],
      });
      await (await resumeRun(resumeRequest(path))).release(); // they are its own now
    });

    it('does not mind an edit that changes nothing, or nothing that a result depends on', async () => {
      const path = await started();
      await edit(path, /^epochs: .*$/m, '# as planned\nepochs:   2');
      await (await resumeRun(resumeRequest(path))).release();
      await edit(path, /^backend: .*$/m, 'backend: two');
      await (await resumeRun(resumeRequest(path))).release();
    });

    it('takes requested ones where they are accepted', async () => {
      const path = await started();
      const changes = { epochs: 9 };
      const run = await resumeRun(resumeRequest(path, { changes, acceptChanges: true }));
      await run.release();
      expect(run.plan.options.training.epochs).toBe(9);
      expect(await config(path)).toContain('epochs: 9');
    });

    const finish = async (path: string, ...models: string[][]): Promise<void> => {
      const folder = await RunFolder.open(path);
      for (const place of models) await folder.write([...place, 'result.json'], '{}');
    };

    /** The teacher is trained in the run, and not given. */
    const trained = { openTeacher: undefined } as unknown as Partial<StartRequest & ResumeRequest>;

    it('refuses them where nothing is unfinished, or the one model that they are for is finished', async () => {
      const path = await started({}, trained);
      const record = [await config(path), await environment(path)];
      await finish(path, ['teacher']);
      const accepted = (changes: Record<string, unknown>) =>
        resumeRun(resumeRequest(path, { ...trained, changes, acceptChanges: true }));
      await expect(accepted({ teacherEpochs: 9 })).rejects.toMatchObject({
        code: 'ANC_CONFIG',
        detail: { path: ['teacher', 'epochs'], received: '9' },
      });
      await finish(path, ['student', 'l2']);
      await expect(accepted({ epochs: 9 })).rejects.toMatchObject({
        code: 'ANC_CONFIG',
        detail: { expected: '2', hint: expect.stringContaining('--continue') as string },
      });
      expect([await config(path), await environment(path)]).toEqual(record);
      await (await accepted({})).release();
    });

    it('records which models were finished, whose options stay what they were trained with', async () => {
      const path = await started({}, trained);
      await finish(path, ['teacher']);
      const run = await resumeRun(
        resumeRequest(path, { ...trained, changes: { epochs: 9 }, acceptChanges: true }),
      );
      await run.release();
      const { folder } = run;
      expect(await environment(path)).toMatchObject({ changes: [{ finished: ['teacher'] }] });
      const now = readOptions(await config(path));
      expect((await optionsOfModel(folder, now, 'teacher')).training.epochs).toBe(2);
      expect((await optionsOfModel(folder, now, 'l2')).training.epochs).toBe(9);
    });

    it('takes a lower rate where training diverged, and nothing else', async () => {
      const path = await started();
      const lower = { changes: { learningRate: 1e-5 } };
      await expect(resumeRun(resumeRequest(path, lower))).rejects.toMatchObject({ code: 'ANC_CONFIG' });
      const folder = await RunFolder.open(path);
      const place = { model: 'l2', stage: 'l2', event: 'diverged', epoch: 0, step: 1 };
      await folder.metrics.append(place);
      for (const changes of [{ learningRate: 1 }, { epochs: 9 }, { learningRate: 1e-5, momentum: 0.1 }]) {
        await expect(resumeRun(resumeRequest(path, { changes }))).rejects.toMatchObject({
          code: 'ANC_CONFIG',
        });
      }
      const run = await resumeRun(resumeRequest(path, lower));
      await run.release();
      expect(run.plan.options.training.learningRate).toBe(1e-5);
      const { changes } = await environment(path);
      expect(changes).toMatchObject([{ options: [{ key: 'learningRate', to: 1e-5 }] }]);
    });
  });

  it('gives a notice where it continues on another backend', async () => {
    const path = await started();
    const run = await resumeRun(resumeRequest(path, { changes: { backend: 'two' } }));
    await run.release();
    expect(run.plan.backends.student.name).toBe('two');
    expect(events).toEqual([
      {
        type: 'notice',
        message: 'backend changed since this run began: the result may differ in its last digits.',
      },
    ]);
  });

  it('refuses a change that would alter it, before it takes the folder', async () => {
    const path = await started();
    await expect(resumeRun(resumeRequest(path, { changes: { epochs: 9 } }))).rejects.toMatchObject({
      code: 'ANC_CONFIG',
      detail: { path: ['epochs'] },
    });
    expect(await locks(path)).toEqual([]);
  });
});
