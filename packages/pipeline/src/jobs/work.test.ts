import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AncError } from '@anc/core';
import { lockFolder } from '@anc/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../events/events.js';
import type { JobPlan } from './job.js';
import { work } from './work.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-jobs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A plan of jobs by name, with the names of those before them; `does` is called for each. */
function planOf(
  jobs: Readonly<Record<string, readonly string[]>>,
  does: (name: string) => unknown = () => undefined,
) {
  const done: string[] = [];
  const plan: JobPlan = {
    folder,
    isComplete: () => Promise.resolve(false),
    jobs: () =>
      Promise.resolve(
        Object.entries(jobs).map(([name, after]) => ({
          name,
          after,
          finished: done.includes(name),
          async run() {
            await does(name);
            done.push(name);
            return true;
          },
        })),
      ),
  };
  return { plan, done };
}

const call = (events: RunEvent[] = [], controller = new AbortController()) => ({
  emit: (event: RunEvent): void => void events.push(event),
  signal: controller.signal,
});

const COURSE = { teacher: [], a: ['teacher'], b: ['teacher'], c: ['teacher'], report: ['a', 'b', 'c'] };

describe('work', () => {
  it('does every job once, with any number of processes, and none before what it needs', async () => {
    const { plan, done } = planOf(COURSE, () => sleep(5));
    const all = await Promise.all([0, 1, 2].map((index) => work(plan, { ...call(), index })));
    expect(all).toEqual([true, true, true]);
    expect(done[0]).toBe('teacher');
    expect([...done.slice(1, 4)].sort()).toEqual(['a', 'b', 'c']);
    expect(done.slice(4)).toEqual(['report']);
  });

  it('does what is possible without a job that failed, and then throws its error', async () => {
    let tries = 0;
    const { plan, done } = planOf(COURSE, (name) => {
      if (name !== 'b') return;
      tries++;
      throw new AncError('ANC_DISK', 'no space is left.');
    });
    const events: RunEvent[] = [];
    const ends = await Promise.allSettled([0, 1].map((index) => work(plan, { ...call(events), index })));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const codes = ends.map((end) => (end as { reason: AncError }).reason.code).sort();
    expect(codes).toEqual(['ANC_DISK', 'ANC_JOB']);
    expect(tries).toBe(1);
    expect([...done].sort()).toEqual(['a', 'c', 'teacher']);
    expect(events).toContainEqual({ type: 'notice', message: 'b failed: no space is left.' });
  });

  it('tries again what failed before it began', async () => {
    let fails = true;
    const { plan, done } = planOf({ a: [] }, () => {
      if (fails) throw new Error('once');
    });
    await expect(work(plan, call())).rejects.toThrow('once');
    fails = false;
    await sleep(20);
    expect(await work(plan, call())).toBe(true);
    expect(done).toEqual(['a']);
  });

  it('takes over the job of a process that died, and waits for one that lives', async () => {
    const { plan, done } = planOf({ dead: [], alive: [] });
    await mkdir(join(folder, 'dead'));
    await writeFile(join(folder, 'dead', '.lock.4194304.x'), 'null'); // no system has so many processes
    await mkdir(join(folder, 'alive'));
    const other = await lockFolder(join(folder, 'alive'));
    const working = work(plan, call());
    await expect.poll(() => done).toEqual(['dead']);
    await sleep(100);
    expect(done).toEqual(['dead']);
    await other.release();
    expect(await working).toBe(true);
    expect(done).toEqual(['dead', 'alive']);
  });

  it('does not wait on when it is aborted', async () => {
    await mkdir(join(folder, 'a'));
    const other = await lockFolder(join(folder, 'a'));
    const controller = new AbortController();
    const working = work(planOf({ a: [] }).plan, call([], controller));
    setTimeout(() => controller.abort(), 50);
    expect(await working).toBe(false);
    await other.release();
  });
});
