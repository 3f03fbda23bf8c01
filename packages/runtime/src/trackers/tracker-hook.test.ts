import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunFolder } from '../run-folder/run-folder.js';
import { RefusedRequest } from './request.js';
import { TrackerHook } from './tracker-hook.js';
import type { TrackedRow, TrackedRun, Tracker } from './tracker.js';

/** A server that remembers what it is sent, and can be away. */
class FakeTracker implements Tracker {
  readonly name = 'fake';
  readonly address = 'http://tracker.example';
  readonly rows: TrackedRow[] = [];
  readonly ends: string[] = [];
  begun = 0;
  options: Readonly<Record<string, string>> = {};
  readonly resumed: string[] = [];
  runName = '';
  isAway = false;
  /** What its description is answered with. */
  refusal: Error | null = null;

  begin({ name }: TrackedRun): Promise<string> {
    this.#answer();
    this.runName = name;
    return Promise.resolve(`run-${++this.begun}`);
  }

  describe(_id: string, { options }: TrackedRun): Promise<void> {
    this.#answer();
    if (this.refusal !== null) throw this.refusal;
    this.options = options;
    return Promise.resolve();
  }

  resume(id: string): Promise<void> {
    this.#answer();
    this.resumed.push(id);
    return Promise.resolve();
  }
  send(_id: string, _run: unknown, rows: readonly TrackedRow[]): Promise<void> {
    this.#answer();
    this.rows.push(...rows);
    return Promise.resolve();
  }
  end(_id: string, outcome: string): Promise<void> {
    this.#answer();
    this.ends.push(outcome);
    return Promise.resolve();
  }
  #answer(): void {
    if (this.isAway) throw new Error('ECONNREFUSED');
  }
}

describe('TrackerHook', () => {
  let root: string;
  let folder: RunFolder;
  let tracker: FakeTracker;
  let notices: string[];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'anc-tracker-'));
    folder = await RunFolder.create(join(root, 'glyphs-1'), 'seed: 1\n');
    await folder.writeEnvironment({ options: { epochs: 3, methods: ['l2', 'kd'], dataDir: null } });
    tracker = new FakeTracker();
    notices = [];
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const begin = async (): Promise<TrackerHook> => {
    const hook = new TrackerHook(tracker);
    await hook.onRunStart({
      folder: folder.path,
      dataset: 'glyphs',
      seed: 1,
      models: ['teacher', 'kd'],
      notice: (message) => notices.push(message),
    });
    return hook;
  };
  const epoch = (model: string, stage: string, step: number, loss: number): Promise<void> =>
    folder.metrics.append({ model, stage, event: 'epoch', epoch: 0, step, metrics: { loss } });

  it('sends every record once, with the steps of all stages, and the options of the run', async () => {
    const hook = await begin();
    await epoch('kd', 'first', 10, 2);
    await hook.onEpochSaved();
    await epoch('kd', 'second', 5, 1);
    await hook.onEpochSaved();
    await hook.onRunEnd({ outcome: 'finished', result: null });
    expect(tracker.rows.map(({ step, scalars, id }) => [step, scalars, id])).toEqual([
      [10, { 'kd/loss': 2 }, 'run-1-0'],
      [15, { 'kd/loss': 1 }, 'run-1-1'],
    ]);
    expect(tracker.options).toEqual({ epochs: '3', methods: '["l2","kd"]' });
    expect(tracker.ends).toEqual(['finished']);
    expect(notices).toEqual([]);
  });

  it('sends addresses without what may be a key', async () => {
    const teacher = { name: 'https://user:s3cret@host:8000/predict?key=s3cret', version: 2 };
    const hooks = ['http://host/a@b', { name: 'trackio', url: 'http://host/?write_token=s3cret,(s3cret)' }];
    await folder.writeEnvironment({ options: { teacher, from: 'https://host/x?key=s3cret', hooks } });
    const hook = await begin();
    await hook.onRunEnd({ outcome: 'finished', result: null });
    expect(tracker.options).toEqual({
      teacher: '{"name":"https://host:8000/predict","version":2}',
      from: 'https://host/x',
      hooks: '["http://host/a@b",{"name":"trackio","url":"http://host/"}]',
    });
  });

  it('continues the same run in another process', async () => {
    const hook = await begin();
    await epoch('kd', 'first', 10, 2);
    await hook.onEpochSaved();
    await hook.onRunEnd({ outcome: 'interrupted', result: null });
    const other = await begin();
    await epoch('kd', 'first', 20, 1);
    await other.onEpochSaved();
    await vi.waitFor(() => expect(tracker.rows).toHaveLength(2));
    await other.onRunEnd({ outcome: 'interrupted', result: null });
    await other.onRunStart({ folder: folder.path, dataset: 'glyphs', seed: 1, models: ['kd'] });
    await other.onRunEnd({ outcome: 'finished', result: null });
    expect(tracker.begun).toBe(1);
    expect(tracker.resumed).toEqual(['run-1', 'run-1']);
    expect(tracker.rows.map(({ id }) => id)).toEqual(['run-1-0', 'run-1-1']);
  });

  it('warns once where the server is away, goes on, and sends what it lacks when it answers', async () => {
    tracker.isAway = true;
    const hook = await begin();
    await epoch('kd', 'first', 10, 2);
    await hook.onEpochSaved();
    await epoch('kd', 'first', 20, 1);
    await hook.onEpochSaved();
    await vi.waitFor(() => expect(notices).not.toEqual([]));
    expect(notices).toEqual([
      'fake: http://tracker.example cannot be reached (ECONNREFUSED). The run goes on, and is sent when the server answers.',
    ]);
    tracker.isAway = false;
    await hook.onRunEnd({ outcome: 'finished', result: null });
    expect(tracker.rows).toHaveLength(2);
    expect(tracker.ends).toEqual(['finished']);
  });

  it('says at the end what the server does not have, and a resumed run sends it', async () => {
    tracker.isAway = true;
    const hook = await begin();
    await epoch('kd', 'first', 10, 2);
    await hook.onRunEnd({ outcome: 'interrupted', result: null });
    expect(notices.at(-1)).toMatch(/did not get all numbers of this run/);
    tracker.isAway = false;
    await (await begin()).onRunEnd({ outcome: 'finished', result: null });
    expect(tracker.rows).toHaveLength(1);
    expect(JSON.parse(await readFile(join(folder.path, 'fake.json'), 'utf8'))).toEqual({
      address: 'http://tracker.example',
      id: 'run-1',
      sent: 1,
      isDescribed: true,
    });
  });

  it('does not wait for the server while the run trains, and sends all of it at the end', async () => {
    let answer = (): void => undefined;
    tracker.begin = () => new Promise((resolve) => (answer = () => resolve('late')));
    const hook = await begin();
    await epoch('kd', 'first', 10, 2);
    await hook.onEpochSaved();
    await epoch('kd', 'first', 20, 1);
    await hook.onEpochSaved();
    expect(tracker.rows).toEqual([]);
    answer();
    await hook.onRunEnd({ outcome: 'finished', result: null });
    expect(tracker.rows.map(({ id }) => id)).toEqual(['late-0', 'late-1']);
  });

  it('begins no second run where the options fail, and goes on where they are refused', async () => {
    tracker.refusal = new Error('ECONNRESET');
    await (await begin()).onRunEnd({ outcome: 'interrupted', result: null });
    tracker.refusal = new RefusedRequest(400, 'too long');
    const hook = await begin();
    await epoch('kd', 'first', 10, 2);
    await hook.onRunEnd({ outcome: 'finished', result: null });
    expect(tracker.begun).toBe(1);
    expect(tracker.rows).toHaveLength(1);
    expect(notices.at(-1)).toMatch(/does not take the options of this run \(status 400: too long\)/);
  });

  it.each(['compare.yaml', 'tune.yaml'])('names a run beside %s after the folder, too', async (record) => {
    const shoes = join(root, 'shoes');
    await mkdir(shoes);
    await writeFile(join(shoes, record), '');
    folder = await RunFolder.create(join(shoes, 'seed-1'), 'seed: 1\n');
    await (await begin()).onRunEnd({ outcome: 'finished', result: null });
    expect(tracker.runName).toBe('shoes-seed-1');
  });
});
