import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMlflow, createTrackio } from './create-tracker.js';
import { MlflowTracker } from './mlflow.js';
import { requestJson } from './request.js';
import { TrackioTracker } from './trackio.js';

interface Seen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** Answers by path; 404 for others. */
let answers: Record<string, unknown>;
let seen: Seen[];
let server: Server;
let url: URL;

beforeEach(async () => {
  answers = {};
  seen = [];
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const path = request.url!.replace(/\?.*/, '');
      seen.push({ path, headers: request.headers, body: text === '' ? null : JSON.parse(text) });
      const answer = answers[path];
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? { error: 'no' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base/?write_token=secret`);
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const run = { name: 'glyphs-1', options: { epochs: '3', 'ä+b': 'x' }, startedAt: 5 };
const row = (scalars: Record<string, number>) => ({ step: 7, time: 9, scalars, id: 'r-0' });

describe('MlflowTracker', () => {
  const api = '/base/api/2.0/mlflow/';

  it('makes the experiment where it is missing, begins a run and logs in batches', async () => {
    const tracker = new MlflowTracker(url, 'mine', 'Bearer t');
    Object.assign(answers, {
      [`${api}experiments/create`]: { experiment_id: '3' },
      [`${api}runs/create`]: { run: { info: { run_id: 'abc' } } },
      [`${api}runs/log-batch`]: {},
      [`${api}runs/update`]: {},
    });
    expect(await tracker.begin(run)).toBe('abc');
    await tracker.describe('abc', run);
    const many = Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`kd/m${i}`, i]));
    await tracker.send('abc', run, [row({ 'größe/loss': NaN, ...many })]);
    await tracker.end('abc', 'interrupted');
    const bodies = seen.map(({ path, body }) => [path.slice(api.length), body] as const);
    expect(bodies.map(([path]) => path)).toEqual([
      'experiments/get-by-name',
      'experiments/create',
      'runs/create',
      'runs/log-batch',
      'runs/log-batch',
      'runs/log-batch',
      'runs/update',
    ]);
    expect(bodies[2]![1]).toMatchObject({ experiment_id: '3', run_name: 'glyphs-1', start_time: 5 });
    expect(bodies[3]![1]).toEqual({
      run_id: 'abc',
      params: [{ key: 'epochs', value: '3' }, { key: '__b', value: 'x' }],
    }); // prettier-ignore
    const { metrics } = bodies[4]![1] as { metrics: object[] };
    expect(metrics).toHaveLength(1000);
    expect(metrics[0]).toEqual({ key: 'gr__e/loss', value: 'NaN', timestamp: 9, step: 7 });
    expect(bodies[6]![1]).toMatchObject({ run_id: 'abc', status: 'KILLED' });
    expect(seen.every(({ headers }) => headers.authorization === 'Bearer t')).toBe(true);
  });

  it('has a run that is resumed running again', async () => {
    answers[`${api}runs/update`] = {};
    await new MlflowTracker(url, 'mine', null).resume('abc');
    expect(seen.map(({ body }) => body)).toEqual([{ run_id: 'abc', status: 'RUNNING' }]);
  });

  it('says what the server answered where it refuses', async () => {
    answers[`${api}experiments/get-by-name`] = { experiment: { experiment_id: '1' } };
    await expect(new MlflowTracker(url, 'mine', null).begin(run)).rejects.toThrow('status 404');
  });
});

describe('TrackioTracker', () => {
  it('logs rows that can be sent twice, with the write token in a header', async () => {
    Object.assign(answers, { '/base/version': {}, '/base/api/bulk_log': { data: null } });
    const tracker = new TrackioTracker(url, 'mine', 'secret');
    const id = await tracker.begin();
    await tracker.send(id, run, [row({ 'kd/loss': Infinity })]);
    const { headers, body } = seen.at(-1)!;
    expect(headers['x-trackio-write-token']).toBe('secret');
    expect(body).toEqual({
      args: [],
      kwargs: {
        hf_token: null,
        logs: [
          {
            project: 'mine',
            run: 'glyphs-1',
            run_id: id,
            metrics: { 'kd/loss': 'Infinity' },
            step: 7,
            config: run.options,
            log_id: 'r-0',
          },
        ],
      },
    });
    expect(tracker.address).toBe(`${url.origin}/base`);
  });

  it('throws where the answer names an error', async () => {
    answers['/base/api/bulk_log'] = { error: 'a write token is required' };
    await expect(new TrackioTracker(url, 'mine', null).send('id', run, [row({})])).rejects.toThrow(
      'a write token is required',
    );
  });
});

describe('addresses', () => {
  const code = (make: () => unknown): unknown => {
    try {
      return make();
    } catch (error) {
      return error;
    }
  };

  it('come from options or the environment; a run without one is refused', () => {
    expect(code(() => createMlflow({}, {}))).toMatchObject({ code: 'ANC_CONFIG' });
    expect(code(() => createTrackio({ project: 'anc' }, { TRACKIO_SERVER_URL: '' }))).toMatchObject({
      code: 'ANC_CONFIG',
    });
    expect(createMlflow({}, { MLFLOW_TRACKING_URI: 'http://a' }).name).toBe('mlflow');
    expect(createTrackio({ project: 'anc', url: 'http://b' }, {}).name).toBe('trackio');
  });

  it('are of HTTP, and no message has their credentials', () => {
    for (const address of ['file://user:secret@host/mlruns?token=secret', 'http://a%zz:secret@host']) {
      const error = code(() => createMlflow({}, { MLFLOW_TRACKING_URI: address })) as Error;
      expect(error).toMatchObject({ code: 'ANC_CONFIG' });
      expect(JSON.stringify(error) + error.message).not.toContain('secret');
    }
  });

  it.each([
    'http://user:secret@host',
    'http://host/?write_token=secret',
    'http://host#secret',
    'user:secret@host',
  ])('in options, which are recorded, have no credentials: %s', (address) => {
    for (const make of [
      () => createMlflow({ uri: address }, {}),
      () => createTrackio({ project: 'anc', url: address }, {}),
    ]) {
      const error = code(make) as Error & { readonly detail: object };
      expect(error).toMatchObject({ code: 'ANC_CONFIG' });
      expect(JSON.stringify(error.detail) + error.message).not.toContain('secret');
      expect(error).toMatchObject({
        detail: { hint: expect.stringMatching(/environment variable/) as string },
      });
    }
  });
});

describe('tokens', () => {
  it.each([
    ['a line break', 'secret\n'],
    ['another letter', 'secretä'],
    ['a space', 'sec ret'],
  ])('with %s are refused, and never shown', (_what, token) => {
    const address = `http://host/?write_token=${encodeURIComponent(token)}`;
    for (const make of [
      () => createMlflow({}, { MLFLOW_TRACKING_URI: 'http://host', MLFLOW_TRACKING_TOKEN: token }),
      () => createTrackio({ project: 'anc', url: 'http://host' }, { TRACKIO_WRITE_TOKEN: token }),
      () => createTrackio({ project: 'anc' }, { TRACKIO_SERVER_URL: address }),
    ]) {
      let error: unknown;
      try {
        make();
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'ANC_CONFIG' });
      expect(JSON.stringify((error as { detail: object }).detail) + (error as Error).message).not.toMatch(
        /sec/,
      );
    }
  });

  it('are in no message of a request that cannot be made', async () => {
    const sent = requestJson('GET', url.href, { authorization: 'Bearer secret\n\0' });
    await expect(sent).rejects.toThrow(/^the request failed$/);
  });
});
