import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { RunFolder } from '@anc/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRecord } from '../compare/folder.js';
import { formatOptions } from '../options/record.js';
import { resolveFlat } from '../../test/flat-options.js';
import { tinyOptions } from '../../test/tiny-plugins.js';
import { serveRuns, type RunsServer } from './server.js';

let root: string;
let outside: string;
let server: RunsServer;
let first: RunFolder;

const config = (): string =>
  formatOptions(resolveFlat({ ...tinyOptions, methods: ['l2'], name: 'x' }).options);
const newRun = async (...parts: string[]): Promise<RunFolder> => {
  await mkdir(join(root, ...parts.slice(0, -1)), { recursive: true });
  return RunFolder.create(join(root, ...parts), config());
};
const epoch = (run: RunFolder, number: number, agreement: number): Promise<void> =>
  run.metrics.append({
    model: 'l2',
    stage: 'match',
    event: 'epoch',
    epoch: number,
    step: number + 1,
    metrics: { agreement, 'loss/data': NaN },
  });

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-ui-'));
  outside = await mkdtemp(join(tmpdir(), 'anc-outside-'));
  await writeFile(join(outside, 'secret.txt'), 'a secret');
  await writeFile(join(outside, 'config.resolved.yaml'), config());
  first = await newRun('first <run>');
  await epoch(first, 0, 0.25);
  await newRun('group', 'second');
  await symlink(outside, join(root, 'linked'));
  server = await serveRuns({ root, title: 'runs & more', port: 0, interval: 20 });
});
afterAll(async () => {
  await server.close();
  await Promise.all([root, outside].map((path) => rm(path, { recursive: true, force: true })));
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A request as it is: `fetch` changes paths and names. */
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(server.url);
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.on('error', reject).end();
  });

describe('pages', () => {
  it('list all runs below the folder, with their curves in one chart, all text escaped', async () => {
    const { status, text, headers } = await ask('/');
    expect(status).toBe(200);
    expect(text).toContain('runs &amp; more');
    expect(text).toContain('href="/runs/first%20%3Crun%3E/report.html"');
    expect(text).toContain('href="/runs/group/second/report.html"');
    expect(text).toContain('first &lt;run&gt;: l2');
    expect(text).not.toContain('first <run>');
    expect(text).toContain('l2: epoch 1');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
  });

  it('compare the runs that are selected, by the metric that is', async () => {
    const { text } = await ask(`/?run=${encodeURIComponent('first <run>')}&metric=agreement`);
    expect(text.match(/<input[^>]* checked/g)).toHaveLength(1);
    expect(text).toMatch(/<option selected>agreement<\/option>/);
  });

  it('are the reports of runs as they are now, with the script of this server alone', async () => {
    const { status, text } = await ask('/runs/first%20%3Crun%3E/report.html');
    expect(status).toBe(200);
    expect(text).toContain('not finished');
    expect(text).toContain('<script src="/live.js" defer></script>');
    expect(text).toMatch(/script-src &#39;self&#39;|script-src 'self'/);
    const script = await ask('/live.js');
    expect(() => new Script(script.text)).not.toThrow();
  });
});

describe('folders that are odd or not finished', () => {
  it('are listed beside the others: a result that lacks numbers, and one of something else', async () => {
    const student = { name: 'l2', model: 'cnn', testError: null, agreement: 0.5, parameters: 1 };
    const runs = [];
    for (const [name, value] of [
      ['lacks', student],
      ['odd', { ...student, name: 7 }],
    ] as const) {
      const run = await newRun('strange', name);
      runs.push(run);
      await run.write(['student', 'l2', 'result.json'], JSON.stringify(value));
    }
    const { status, text } = await ask('/?run=strange/lacks&run=strange/odd');
    expect(status).toBe(200);
    expect(text).toMatch(/strange\/lacks: l2/);
    expect(text).toMatch(/strange\/odd[^]*is damaged/);
    await rm(join(root, 'strange'), { recursive: true });
  });

  it('have a live page of their runs while they are no comparison yet', async () => {
    const { options } = resolveFlat({ ...tinyOptions, methods: ['l2'] });
    await writeRecord(join(root, 'shoes'), { options, seeds: [9, 10] });
    const [, nine] = await Promise.all([10, 9].map((seed) => newRun('shoes', `seed-${seed}`)));
    const { status, text } = await ask('/runs/shoes/report.html');
    expect(status).toBe(200);
    expect(text).toMatch(/not finished yet[^]*shoes\/seed-9\/report.html[^]*shoes\/seed-10\/report.html/);
    expect(text).toContain('<script src="/live.js" defer></script>');
    const student = { model: 'tiny', testError: 0.25, agreement: 0.5, seconds: 2 };
    await nine!.write(['student', 'l2', 'result.json'], JSON.stringify(student));
    const partial = await ask('/runs/shoes/report.html');
    expect(partial.status).toBe(200);
    expect(partial.text).toMatch(/1 of 3 trainings are finished[^]*25.00 %[^]*href="seed-9\/report.html"/);
    await rm(join(root, 'shoes'), { recursive: true });
  });
});

describe('requests that are refused', () => {
  const own = (): string => new URL(server.url).host;

  it.each([
    ['another name', { host: 'evil.example' }],
    ['another port', { host: '127.0.0.1:1' }],
    ['another origin', { origin: 'http://evil.example' }],
    ['no origin', { origin: 'null' }],
  ])('of %s', async (_what, headers) => {
    for (const path of ['/', '/events', '/runs/group/second/report.html', '/live.js'])
      expect(await ask(path, { host: own(), ...headers })).toMatchObject({ status: 403 });
  });

  it('under its own names are answered', async () => {
    const { port } = new URL(server.url);
    for (const name of ['127.0.0.1', 'localhost', '[::1]'])
      expect((await ask('/', { host: `${name}:${port}`, origin: `http://${name}:${port}` })).status).toBe(
        200,
      );
  });

  it('to write', async () => {
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect(await ask('/', {}, method)).toMatchObject({ status: 405 });
  });

  it.each([
    '/runs/../secret.txt',
    '/runs/..%2f..%2fetc%2fpasswd/report.html',
    '/runs/%2e%2e/report.html',
    '/runs/first%20%3Crun%3E/config.resolved.yaml',
    '/runs/linked/report.html',
    '/runs/linked/secret.txt',
    '/runs//report.html',
    '/runs/%/report.html',
    '/report.html',
  ])('for what is no page: %s', async (path) => {
    const { status, text } = await ask(path);
    expect(status).toBe(404);
    expect(text).not.toContain('a secret');
  });

  it('for a run with a link to the outside', async () => {
    const run = await newRun('with-link');
    await symlink(outside, join(run.path, 'student'));
    const { status, text } = await ask('/runs/with-link/report.html');
    expect(status).toBe(409);
    expect(text).not.toContain('a secret');
    await rm(run.path, { recursive: true });
  });
});

describe('events', () => {
  /** Reads events until one of a type comes. */
  async function* listen(signal: AbortSignal): AsyncGenerator<{ type: string; data: unknown }> {
    const response = await fetch(new URL('/events', server.url), { signal });
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [, type, data] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
        text = text.slice(end + 2);
        if (type !== undefined) yield { type, data: JSON.parse(data!) };
      }
    }
  }

  it('tell of a new epoch, of a run that appears later, and of one that ends', async () => {
    const stop = new AbortController();
    const events = listen(stop.signal);
    const next = events.next();
    await epoch(first, 1, 0.5);
    expect((await next).value).toEqual({
      type: 'epoch',
      data: { run: 'first <run>', model: 'l2', epoch: 2, metrics: { agreement: 0.5, 'loss/data': 'NaN' } },
    });
    const later = await newRun('later');
    expect((await events.next()).value).toMatchObject({ type: 'runs' });
    expect((await ask('/')).text).toContain('/runs/later/report.html');
    await later.writeResult({});
    expect((await events.next()).value).toEqual({ type: 'finished', data: { run: 'later' } });
    stop.abort();
    await events.return(undefined).catch(() => undefined);
  });
});

it('says that a port is taken', async () => {
  const port = Number(new URL(server.url).port);
  await expect(serveRuns({ root, title: '', port })).rejects.toMatchObject({ code: 'ANC_PORT' });
});
