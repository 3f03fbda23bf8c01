import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../events/events.js';
import { RunHandle, type DoneEvent } from './run-handle.js';

type Seen<R> = (RunEvent | DoneEvent<R>)[];

async function allOf<R>(handle: RunHandle<R>): Promise<Seen<R>> {
  const seen: Seen<R> = [];
  for await (const event of handle) seen.push(event);
  return seen;
}

const step = (number: number, model = 'l2'): RunEvent => ({
  type: 'step',
  model,
  stage: { name: 's', index: 1, count: 1 },
  progress: { epoch: 0, epochs: 1, step: number, stepsPerEpoch: 100 },
  batchSize: 8,
});
const metrics = (loss: number): RunEvent => ({ type: 'metrics', model: 'l2', metrics: { loss } });
const activity = (done: number): RunEvent => ({ type: 'activity', what: 'x', done, count: 9 });
const message = (text: string): RunEvent => ({ type: 'message', message: text });
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeAll(() => process.on('unhandledRejection', note));
afterAll(() => process.off('unhandledRejection', note));

describe('RunHandle', () => {
  it('is awaited for its result', async () => {
    const handle = new RunHandle(async () => Promise.resolve(42));
    expect(await handle).toBe(42);
    expect(await handle).toBe(42);
    expect(await Promise.all([handle, handle.then((value) => value + 1)])).toEqual([42, 43]);
  });

  it('is iterated for its events, the result last', async () => {
    const handle = new RunHandle(async (emit) => {
      emit(message('a'));
      await pause();
      emit(message('b'));
      return 42;
    });
    expect(await allOf(handle)).toEqual([message('a'), message('b'), { type: 'done', result: 42 }]);
  });

  it('is iterated and awaited', async () => {
    const handle = new RunHandle(async (emit) => {
      emit(message('a'));
      return Promise.resolve(42);
    });
    expect(await handle).toBe(42);
    expect(await allOf(handle)).toEqual([message('a'), { type: 'done', result: 42 }]);
    expect(await handle).toBe(42);
  });

  it('begins its work without being awaited', async () => {
    let began = false;
    new RunHandle(async () => {
      began = true;
      return Promise.resolve();
    });
    expect(began).toBe(false); // the caller may begin to listen first
    await pause();
    expect(began).toBe(true);
  });

  it('gives each event to its reader at once', async () => {
    let go: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (go = resolve));
    const handle = new RunHandle(async (emit) => {
      emit(step(1));
      await waiting; // ends only after the reader has seen the event
      return 'x';
    });
    const seen: string[] = [];
    for await (const { type } of handle) {
      seen.push(type);
      go();
    }
    expect(seen).toEqual(['step', 'done']);
  });
});

describe('events that nobody has read', () => {
  it('are kept, but of steps, metrics and activities only the newest', async () => {
    const handle = new RunHandle(async (emit) => {
      for (let i = 1; i <= 100; i++) emit(step(i));
      for (let i = 1; i <= 10; i++) emit(metrics(i));
      for (let i = 1; i <= 9; i++) emit(activity(i));
      emit(message('a'));
      emit(message('a'));
      emit(step(101));
      return Promise.resolve(0);
    });
    await handle;
    expect(await allOf(handle)).toEqual([
      step(100),
      metrics(10),
      activity(9),
      message('a'),
      message('a'),
      step(101),
      { type: 'done', result: 0 },
    ]);
  });

  it('do not pile up where steps and metrics alternate', async () => {
    const handle = new RunHandle(async (emit) => {
      emit(message('a'));
      for (let i = 1; i <= 1000; i++) {
        emit(step(i));
        emit(metrics(i));
      }
      emit(message('b'));
      return Promise.resolve(0);
    });
    await handle;
    expect(await allOf(handle)).toEqual([
      message('a'),
      step(1000),
      metrics(1000),
      message('b'),
      { type: 'done', result: 0 },
    ]);
  });

  it('are all seen by a reader who keeps up', async () => {
    const handle = new RunHandle(async (emit) => {
      for (let i = 1; i <= 5; i++) {
        emit(step(i));
        await pause();
      }
    });
    const steps = (await allOf(handle)).filter(({ type }) => type === 'step');
    expect(steps).toEqual([1, 2, 3, 4, 5].map((i) => step(i)));
  });

  it('wait for the next reader where one stopped', async () => {
    const handle = new RunHandle(async (emit) => {
      emit(message('a'));
      emit(message('b'));
      await pause();
      emit(message('c'));
      return 1;
    });
    for await (const event of handle) {
      expect(event).toEqual(message('a'));
      break;
    }
    expect(await allOf(handle)).toEqual([message('b'), message('c'), { type: 'done', result: 1 }]);
    expect(await allOf(handle)).toEqual([]); // all were read
  });
});

describe('work that fails', () => {
  const failing = () =>
    new RunHandle<number>(async (emit) => {
      emit(message('before'));
      await pause();
      throw new Error('no space left on device');
    });

  it('rejects, and ends the iteration with the same error after the events before it', async () => {
    const handle = failing();
    const seen: unknown[] = [];
    const iterated = (async () => {
      for await (const event of handle) seen.push(event);
    })();
    const [one, other] = await Promise.allSettled([handle, iterated]);
    expect(one).toMatchObject({ status: 'rejected', reason: { message: 'no space left on device' } });
    expect((other as PromiseRejectedResult).reason).toBe((one as PromiseRejectedResult).reason);
    expect(seen).toEqual([message('before')]);
  });

  it('tells everyone who comes later', async () => {
    const handle = failing();
    await expect(handle).rejects.toThrow('no space');
    await expect(allOf(handle)).rejects.toThrow('no space');
    await expect(allOf(handle)).rejects.toThrow('no space');
    await expect(handle).rejects.toThrow('no space');
  });

  it('rejects where it throws at once', async () => {
    const handle = new RunHandle(() => {
      throw new TypeError('x is not a function');
    });
    await expect(handle).rejects.toThrow(TypeError);
  });

  it('is handled by catch and finally as by then', async () => {
    let ended = 0;
    expect(await failing().catch((error: unknown) => (error as Error).message)).toBe(
      'no space left on device',
    );
    await expect(failing().finally(() => ended++)).rejects.toThrow('no space');
    expect(await failing().then(null, () => 'handled')).toBe('handled');
    expect(ended).toBe(1);
  });

  it('is an unhandled rejection where nobody asks for result or events', async () => {
    const others = process.listeners('unhandledRejection'); // the test runner's too
    process.removeAllListeners('unhandledRejection');
    const found: unknown[] = [];
    process.on('unhandledRejection', (reason) => found.push(reason));
    failing();
    await pause();
    await pause();
    await pause();
    process.removeAllListeners('unhandledRejection');
    for (const listener of others) process.on('unhandledRejection', listener);
    expect(found).toMatchObject([{ message: 'no space left on device' }]);
  });

  it('is no unhandled rejection for a caller who only iterates', async () => {
    await expect(allOf(failing())).rejects.toThrow('no space');
    await pause();
    await pause();
    expect(unhandled).toEqual([]);
  });
});
