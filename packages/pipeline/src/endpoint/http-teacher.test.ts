import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Corners } from '../../test/tiny-plugins.js';
import { distill } from '../api/distill.js';
import { anchoredTeacher, openGivenTeacher } from '../planning/given-teacher.js';
import { planningSignal } from '../planning/planning-signal.js';
import { readNamed, type Named } from '../text/named.js';
import { httpTeacher, type HttpTeacherOptions } from './http-teacher.js';

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}
type Reply = {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
};

const servers: Server[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that answers with what a function makes of a request. Without an answer it keeps the connection waiting. */
async function serving(answer: (request: Received, call: number) => Promise<Reply | null> | Reply | null) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const one = { headers: request.headers, body: Buffer.concat(parts) };
      received.push(one);
      void Promise.resolve(answer(one, received.length)).then((reply) => {
        if (reply === null) return;
        const { status = 200, type = 'application/json', headers = {}, body } = reply;
        response.writeHead(status, { 'content-type': type, ...headers });
        response.end(body instanceof Uint8Array ? body : JSON.stringify(body));
      });
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict?key=secret`, received };
}

/** Pixels of the images of a request: [image][byte]. */
async function imagesOf({ headers, body }: Received): Promise<Uint8Array[]> {
  if (headers['content-type'] === 'application/octet-stream') {
    const [count = 1] = String(headers['x-shape']).split(',').map(Number);
    const size = body.length / count;
    return Array.from({ length: count }, (_, i) => new Uint8Array(body.subarray(i * size, (i + 1) * size)));
  }
  const { images } = JSON.parse(body.toString()) as { images: string[] };
  return Promise.all(
    images.map(
      async (text) =>
        new Uint8Array(await sharp(Buffer.from(text, 'base64')).toColourspace('b-w').raw().toBuffer()),
    ),
  );
}

/** Sums of the quarters of an image, small enough to be logits. */
const quarters = (pixels: Uint8Array): number[] =>
  [0, 1, 2, 3].map((part) => {
    let sum = 0;
    pixels.forEach((value, i) => (sum += (i >> 5) * 2 + ((i >> 2) & 1) === part ? value : 0));
    return sum / 160;
  });

const rows = async (request: Received): Promise<Reply> => ({
  body: { logits: (await imagesOf(request)).map(quarters) },
});

const images = (...fills: number[]) => ({
  shape: [fills.length, 8, 8, 1] as const,
  data: Uint8Array.from({ length: 64 * fills.length }, (_, i) => fills[i >> 6]! + (i & 63)),
});
const quick: HttpTeacherOptions = { backoff: 1 };

describe('httpTeacher', () => {
  it.each(['png', 'raw'] as const)('posts images as %s and takes rows of numbers', async (format) => {
    const { url, received } = await serving(rows);
    const teacher = httpTeacher(url, { format, version: '2', headers: { 'x-key': 'abc' } });
    const found = await teacher(images(1, 7));
    const { data } = images(1, 7);
    expect(found).toEqual([quarters(data.subarray(0, 64)), quarters(data.subarray(64))]);
    expect(received[0]!.headers['x-key']).toBe('abc');
    expect(teacher.id).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/predict\?[0-9a-f]{12}@2$/);
    expect(teacher.id).not.toContain('secret'); // what may be a key
  });

  it('is another teacher for every query', () => {
    const ids = ['', '?model=a', '?model=b'].map(
      (query) => httpTeacher(`http://localhost/predict${query}`).id,
    );
    expect(ids[0]).toBe('http://localhost/predict');
    expect(new Set(ids).size).toBe(3);
  });

  it('takes float32 numbers, and probabilities by their name', async () => {
    const raw = await serving(() => ({
      type: 'application/octet-stream',
      body: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer),
    }));
    expect(await httpTeacher(raw.url)(images(1, 2))).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    const named = await serving(() => ({ body: { probabilities: [[0.5, 0.5]] } }));
    const teacher = httpTeacher(named.url);
    await teacher(images(1));
    expect(teacher.outputs).toBe('probabilities');
  });

  it('sends an image once, in requests of limited size', async () => {
    const { url, received } = await serving(rows);
    const teacher = httpTeacher(url, { batchSize: 2 });
    const first = await teacher(images(1, 2, 1, 3));
    expect(first[0]).toEqual(first[2]);
    expect(await teacher(images(3, 2))).toEqual([first[3], first[1]]);
    const sizes = await Promise.all(received.map(async (one) => (await imagesOf(one)).length));
    expect(sizes).toEqual([2, 1]);
  });

  it('tries again after failures that may pass', async () => {
    const { url, received } = await serving((request, call) =>
      call < 3 ? { status: call === 1 ? 503 : 429, body: 'busy' } : rows(request),
    );
    expect(await httpTeacher(url, quick)(images(1))).toHaveLength(1);
    expect(received).toHaveLength(3);
    const failing = await serving(() => ({ status: 500, body: 'broken' }));
    await expect(httpTeacher(failing.url, { ...quick, retries: 2 })(images(1))).rejects.toMatchObject({
      code: 'ANC_TEACHER_ENDPOINT',
      detail: { received: expect.stringContaining('500') as string },
    });
    expect(failing.received).toHaveLength(3);
  });

  it('gives up an answer that is late, and a server that is not there', async () => {
    const { url, received } = await serving(() => null);
    await expect(httpTeacher(url, { ...quick, timeout: 1, retries: 1 })(images(1))).rejects.toMatchObject({
      detail: { received: 'no answer within 1 s' },
    });
    expect(received).toHaveLength(2);
    const gone = httpTeacher('http://127.0.0.1:1/', { ...quick, retries: 0 });
    await expect(gone(images(1))).rejects.toMatchObject({ code: 'ANC_TEACHER_ENDPOINT' });
  });

  it('reports a refused key once, without the address of it', async () => {
    vi.stubEnv('ANC_TEACHER_KEY', 'wrong');
    const { url, received } = await serving(() => ({ status: 401, body: 'no' }));
    const error = await httpTeacher(url, quick)(images(1)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ANC_TEACHER_ENDPOINT', message: expect.stringContaining('refuses the key') as string }); // prettier-ignore
    expect(String(error)).not.toContain('secret');
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer wrong']);
  });

  it('does not follow to another address', async () => {
    const other = await serving(rows);
    const { url } = await serving(() => ({ status: 307, headers: { location: other.url }, body: '' }));
    await expect(httpTeacher(url, quick)(images(1))).rejects.toMatchObject({ code: 'ANC_TEACHER_ENDPOINT' });
    expect(other.received).toEqual([]);
  });

  it('stops where that is wanted, also while it waits', async () => {
    const controller = new AbortController();
    const { url } = await serving(() => {
      setTimeout(() => controller.abort(), 5);
      return { status: 503, body: 'busy' };
    });
    const work = httpTeacher(url, { backoff: 60_000, signal: controller.signal })(images(1));
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  });

  it.each([
    [{ logits: [[1, 2]] }],
    [{ logits: [[1, 2], [1]] }],
    [
      {
        logits: [
          [1, 2],
          [1, null],
        ],
      },
    ],
    [{ scores: [] }],
    ['text'],
  ])('refuses an answer like %j for two images', async (body) => {
    const { url, received } = await serving(() => ({ body }));
    await expect(httpTeacher(url, quick)(images(1, 2))).rejects.toMatchObject({
      code: 'ANC_TEACHER_ENDPOINT',
    });
    expect(received).toHaveLength(1);
  });

  it('refuses what is no address', () => {
    expect(() => httpTeacher('localhost')).toThrow('no address of a teacher');
    expect(() => httpTeacher('file:///teacher')).toThrow('no address of a teacher');
  });

  it('refuses a password in an address, and does not show it', () => {
    for (const url of [
      'https://user:s3cret@localhost/predict',
      'http://user:s3cret@:bad',
      'http://s3cret@localhost',
    ]) {
      const refusal = (): unknown => httpTeacher(url);
      expect(refusal).toThrow(expect.objectContaining({ code: 'ANC_CONFIG' }));
      expect(refusal).not.toThrow(/s3cret/);
      expect(refusal).toThrow('holds a name or a password');
    }
    expect(httpTeacher('http://localhost/a@b').id).toBe('http://localhost/a@b');
  });

  it('is opened by its address, as --teacher names it', async () => {
    const { url, received } = await serving(rows);
    const named = readNamed(`${url.split('?')[0]!}(format=raw, version=3)`) as Named;
    expect(anchoredTeacher(named, '/elsewhere')).toEqual(named);
    const open = (teacher: object) =>
      openGivenTeacher(
        { model: named, ...teacher },
        new Corners(),
        null as never,
        null as never,
        null as never,
      );
    const { given } = await open({ classes: ['nw', 'ne', 'sw', 'se'] });
    expect(given).toMatchObject({ classes: 4, classNames: ['nw', 'ne', 'sw', 'se'] });
    expect(given.teacher.hash).toContain('@3');
    expect(received[0]!.headers['x-shape']).toBe('1,8,8,1'); // of two black images one
    await expect(open({ preprocessing: 'unit' })).rejects.toMatchObject({ code: 'ANC_CONFIG' });
    await expect(open({ model: { ...named, options: { formt: 'raw' } } })).rejects.toMatchObject({
      code: 'ANC_OPTIONS',
    });
  });

  const answering = async (answer: (pixels: Uint8Array) => readonly number[]) => {
    const { url } = await serving(async (request) => ({
      body: { logits: (await imagesOf(request)).map(answer) },
    }));
    return url;
  };
  const opened = (url: string, options: Record<string, unknown> = {}, signal?: AbortSignal) =>
    openGivenTeacher(
      { model: { name: url, options } },
      new Corners(),
      null as never,
      null as never,
      null as never,
      signal,
    );

  it('is the same teacher where its answers differ in their last digits, and another where they differ more', async () => {
    let change = 1.0003;
    const url = await answering((pixels) => [
      ...quarters(pixels).map((value) => value * change),
      -1e-9 * change,
    ]);
    const digest = async (): Promise<string> => (await opened(url)).given.digest;
    const before = await digest();
    change *= 1 + 1e-6;
    expect(await digest()).toBe(before);
    change *= 1.1;
    expect(await digest()).not.toBe(before);
  });

  it('is given up while a run is planned, and not when it trains', async () => {
    const { url, received } = await serving(() => ({ status: 503 }));
    const run = new AbortController();
    const planning = planningSignal(run.signal);
    const work = opened(url, { retries: 9 }, planning.signal);
    await vi.waitFor(() => expect(received).toHaveLength(1));
    const reason = new Error('interrupted');
    run.abort(reason);
    await expect(work).rejects.toBe(reason);
    const later = new AbortController();
    const ended = planningSignal(later.signal);
    ended.end();
    later.abort();
    expect(ended.signal.aborted).toBe(false);
    expect(planningSignal(run.signal).signal.reason).toBe(reason);
  });

  it('teaches a student, and no image is sent twice', async () => {
    const { url, received } = await serving((request, call) =>
      call === 2 ? { status: 503, body: 'busy' } : rows(request),
    );
    const teacher = httpTeacher(url, { ...quick, classes: ['nw', 'ne', 'sw', 'se'] });
    const request = {
      teacher,
      images: new Corners({ labels: false }),
      student: 'cnn(widths=[4], features=8)',
      method: 'kd',
      training: { epochs: 2, batchSize: 16 },
      data: { crop: 0, flip: false },
      folder: null,
    } as const;
    const { agreement, dispose } = await distill(request);
    await dispose();
    expect(agreement).toBeGreaterThan(0);
    const sent = (await Promise.all(received.filter((_, i) => i !== 1).map(imagesOf))).flat();
    const digests = sent.map((one) => createHash('sha256').update(one).digest('hex'));
    expect(new Set(digests).size).toBe(digests.length);
    const calls = received.length;
    await (await distill({ ...request, seed: 2 })).dispose();
    expect(received).toHaveLength(calls); // everything is known already
  });
});
