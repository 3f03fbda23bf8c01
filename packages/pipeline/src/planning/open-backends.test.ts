import { AncError, definePlugin, PLUGIN_API_VERSION, type Backend } from '@anc/core';
import { openCpu } from '@anc/backend-tfjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { autoPlugin } from '../backends/auto.js';
import { compose } from '../composition/compose.js';
import type { Registry } from '../composition/registry.js';
import {
  backendNotices,
  disposeBackends,
  openBackends,
  openBackendsDuring,
  withChosenBackends,
} from './open-backends.js';
import { resolveFlat } from '../../test/flat-options.js';

interface Opened {
  readonly name: string;
  readonly options: unknown;
  closed: number;
}
let opened: Opened[];
beforeEach(() => {
  opened = [];
});

const unused = (): never => {
  throw new RangeError('not used');
};
const fake = (name: string, options: z.ZodType) => ({
  options,
  create: (given: unknown) => {
    const record: Opened = { name, options: given, closed: 0 };
    opened.push(record);
    return {
      name,
      environment: {},
      capabilities: { training: true, deterministic: true, compiled: false },
      ...Object.fromEntries(['upload', 'compile', 'compileFunction', 'rehearse'].map((key) => [key, unused])),
      dispose: async () => {
        record.closed++;
      },
    } as unknown as Backend;
  },
});
const fakes = definePlugin({
  name: 'fakes',
  apiVersion: PLUGIN_API_VERSION,
  backends: {
    threaded: fake(
      'threaded',
      z.strictObject({ threads: z.int().optional(), device: z.string().optional() }),
    ),
    plain: fake('plain', z.strictObject({})),
    absent: {
      options: z.strictObject({}),
      create: () => Promise.reject(new AncError('ANC_BACKEND_MISSING', 'not here.')),
    },
    working: { options: z.strictObject({}), create: openCpu },
  },
});
const composition = compose([fakes]);

const open = (backend: string, of: { teacher?: string; student?: string; threads?: number | null } = {}) => {
  const { compute, teacher, student } = resolveFlat({
    backend,
    threads: of.threads ?? null,
    ...(of.teacher === undefined ? {} : { teacherBackend: of.teacher }),
    ...(of.student === undefined ? {} : { studentBackend: of.student }),
  }).options;
  return openBackends(compute, teacher.backend, student.backend, composition);
};

const pathOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => (error as AncError).detail.path,
  );

describe('openBackends', () => {
  it('opens one backend for teacher and student where both are named alike', async () => {
    for (const of of [{}, { teacher: 'plain' }, { teacher: 'plain', student: 'plain' }]) {
      opened = [];
      const { teacher, student } = await open('plain', of);
      expect(teacher).toBe(student);
      expect(opened).toHaveLength(1);
    }
  });

  it('opens two where names or options differ', async () => {
    const { teacher, student } = await open('plain', { teacher: 'threaded' });
    expect([teacher.name, student.name]).toEqual(['threaded', 'plain']);
    opened = [];
    const same = await open('threaded', { student: 'threaded(device=gpu)' });
    expect(same.teacher).not.toBe(same.student);
    expect(opened.map(({ options }) => options)).toEqual([{}, { device: 'gpu' }]);
  });

  it('passes the number of threads to backends that have the option, where they do not set their own', async () => {
    await open('threaded', { threads: 3, teacher: 'plain', student: 'threaded(threads=1)' });
    await open('threaded', { threads: 3 });
    expect(opened.map(({ name, options }) => [name, options])).toEqual([
      ['plain', {}],
      ['threaded', { threads: 1 }],
      ['threaded', { threads: 3 }],
    ]);
  });

  it("disposes the teacher's backend where the student's does not open", async () => {
    await expect(open('plain', { student: 'absent' })).rejects.toMatchObject({ code: 'ANC_BACKEND_MISSING' });
    expect(opened).toMatchObject([{ name: 'plain', closed: 1 }]);
  });

  it("opens no backend for the student where the teacher's does not open", async () => {
    await expect(open('plain', { teacher: 'absent' })).rejects.toMatchObject({ code: 'ANC_BACKEND_MISSING' });
    expect(opened).toEqual([]);
  });

  it('gives the path of the option that is wrong: that of the run, or the own one', async () => {
    expect(await pathOf(open('threaded(devise=gpu)'))).toEqual(['compute', 'backend', 'devise']);
    expect(await pathOf(open('plain', { teacher: 'threaded(device=1)' }))).toEqual([
      'teacher',
      'backend',
      'device',
    ]);
    expect(await pathOf(open('plain', { student: 'plain(x=1)' }))).toEqual(['student', 'backend', 'x']);
    expect(await pathOf(open('threaded(x=1)', { teacher: 'plain' }))).toEqual(['compute', 'backend', 'x']);
  });
});

describe('disposeBackends', () => {
  it('disposes each backend once', async () => {
    await disposeBackends(await open('plain'));
    expect(opened).toMatchObject([{ closed: 1 }]);
    await disposeBackends(await open('plain', { teacher: 'threaded' }));
    expect(opened.map(({ closed }) => closed)).toEqual([1, 1, 1]);
  });
});

describe('withChosenBackends', () => {
  it('changes nothing where all backends were named', async () => {
    const flat = { backend: 'plain', teacherBackend: 'threaded' };
    const { options } = resolveFlat(flat);
    expect(withChosenBackends(options, await open('plain', { teacher: 'threaded' }))).toEqual(options);
  });

  it('records what was chosen for each, and leaves the shared backend where both have their own', async () => {
    const registry: () => Registry<'backends'> = () => automatic.registries.backends;
    const automatic = compose([autoPlugin(registry, [fakes], '/'), fakes]);
    const auto = 'auto(candidates=[working])';
    const recorded = async (flat: Readonly<Record<string, string>>) => {
      const { options } = resolveFlat(flat);
      const { compute, teacher, student } = options;
      const backends = await openBackends(compute, teacher.backend, student.backend, automatic);
      const after = withChosenBackends(options, backends);
      return [after.compute.backend, after.teacher.backend, after.student.backend].map((one) => one?.name);
    };
    expect(await recorded({ backend: auto })).toEqual(['working', undefined, undefined]);
    expect(await recorded({ backend: auto, teacherBackend: 'plain' })).toEqual([
      'working',
      'plain',
      undefined,
    ]);
    expect(await recorded({ backend: auto, studentBackend: 'plain' })).toEqual([
      'working',
      undefined,
      'plain',
    ]);
    expect(await recorded({ backend: 'plain', teacherBackend: auto })).toEqual([
      'plain',
      'working',
      undefined,
    ]);
    expect(await recorded({ backend: 'plain', teacherBackend: auto, studentBackend: 'threaded' })).toEqual([
      'plain',
      'working',
      'threaded',
    ]);
  });
});

describe('backendNotices', () => {
  const backend = (notice?: string) =>
    ({ environment: { runtime: 'x', ...(notice === undefined ? {} : { notice }) } }) as never;
  const of = (teacher: never, student: never) => backendNotices({ teacher, student });

  it('says each thing once', () => {
    expect(of(backend('slow'), backend('slow'))).toEqual(['slow']);
    expect(of(backend('slow'), backend('strange'))).toEqual(['slow', 'strange']);
    expect(of(backend(), backend())).toEqual([]);
  });
});

describe('openBackendsDuring', () => {
  const named = (name: string) => [{ name, options: {} }];
  const during = (name: string, work: () => Promise<string>) =>
    openBackendsDuring(named(name), () => open('plain'), work);

  it('opens them while work is done, but those that are measured afterwards', async () => {
    for (const [name, before] of [
      ['plain', 1],
      ['auto', 0],
    ] as const) {
      opened = [];
      const { backends, done } = await during(name, async () => {
        await new Promise((later) => setTimeout(later));
        return `${opened.length}`;
      });
      expect(done).toBe(`${before}`);
      expect(backends.student.name).toBe('plain');
      expect(opened).toHaveLength(1);
    }
  });

  it('closes them where the work fails, whose error it throws', async () => {
    await expect(during('plain', () => Promise.reject(new Error('no images')))).rejects.toThrow('no images');
    expect(opened.map(({ closed }) => closed)).toEqual([1]);
    const absent = openBackendsDuring(
      named('absent'),
      () => open('absent'),
      () => Promise.reject(new Error('no images')),
    );
    await expect(absent).rejects.toThrow('no images');
  });

  it('throws what keeps them from being opened', async () => {
    const absent = openBackendsDuring(
      named('absent'),
      () => open('absent'),
      () => Promise.resolve(null),
    );
    await expect(absent).rejects.toMatchObject({ code: 'ANC_BACKEND_MISSING' });
  });
});
