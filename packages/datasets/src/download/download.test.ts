import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isAncError, type AncError } from '@anc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadFile, type RemoteFile } from './download-file.js';
import { fetchFiles, offlineError } from './fetch-files.js';
import { publishedFiles } from './official-files.js';

const content = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) ^ (i >> 8)));
const md5 = createHash('md5').update(content).digest('hex');

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;
let handlers: Record<string, Handler> = {};
let requests: string[] = [];
let server: Server;
let base: string;
let dir: string;

beforeEach(async () => {
  [handlers, requests] = [{}, []];
  server = createServer((request, response) => {
    const { url = '' } = request;
    requests.push(`${url} ${request.headers.range ?? ''}`.trim());
    (handlers[url] ?? ((_, r) => r.writeHead(404).end()))(
      request,
      response,
      requests.filter((r) => r.startsWith(url)).length,
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  dir = await mkdtemp(join(tmpdir(), 'anc-get-'));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(dir, { recursive: true, force: true });
});

const good: Handler = (_, response) =>
  response.writeHead(200, { 'content-length': content.length }).end(content);
const ranged: Handler = ({ headers }, response) => {
  const start = Number(/bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  const headersOut = {
    'content-length': content.length - start,
    'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
  };
  response.writeHead(start > 0 ? 206 : 200, headersOut).end(content.subarray(start));
};
/** Sends the head of the file and hangs up. */
const cut: Handler = (_, response) => {
  response.writeHead(200, { 'content-length': content.length });
  response.write(content.subarray(0, 70_000), () => setTimeout(() => response.destroy(), 30));
};
const file = (...urls: string[]): RemoteFile => ({
  urls: urls.map((url) => base + url),
  md5,
  mostBytes: 300_000,
});
const target = (): string => join(dir, 'sub', 'data.bin');
const get = (remote: RemoteFile, options = {}): Promise<void> =>
  downloadFile(remote, target(), { pause: 1, stall: 300, ...options });
async function errorOf(work: Promise<unknown>): Promise<AncError> {
  const error: unknown = await work.catch((e: unknown) => e);
  if (!isAncError(error)) throw new Error('no AncError', { cause: error });
  return error;
}
const expectWhole = async (): Promise<void> => {
  expect((await readFile(target())).equals(content)).toBe(true);
  expect(existsSync(`${target()}.part`)).toBe(false);
};

describe('downloadFile', () => {
  it('downloads, reports progress and leaves no other file', async () => {
    handlers['/a'] = good;
    const seen: [number, number | null][] = [];
    await get(file('/a'), {
      progress: (received: number, total: number | null) => seen.push([received, total]),
    });
    await expectWhole();
    expect(seen.at(-1)).toEqual([content.length, content.length]);
  });

  it('resumes after a cut connection', async () => {
    handlers['/a'] = (request, response, count) => (count === 1 ? cut : ranged)(request, response, count);
    await get(file('/a'));
    await expectWhole();
    expect(requests).toEqual(['/a', expect.stringMatching(/^\/a bytes=[1-9]\d*-$/)]);
  });

  it('continues while every cut connection brings new bytes', async () => {
    handlers['/a'] = (request, response) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (start >= 140_000) {
        ranged(request, response, 0);
        return;
      }
      response.writeHead(start > 0 ? 206 : 200, {
        'content-length': content.length - start,
        'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
      });
      response.write(content.subarray(start, start + 70_000), () => setTimeout(() => response.destroy(), 30));
    };
    await get(file('/a'), { attempts: 1 });
    await expectWhole();
    expect(requests.length).toBe(3);
  });

  it('starts over if the server cannot resume', async () => {
    handlers['/a'] = (request, response, count) => (count === 1 ? cut : good)(request, response, count);
    await get(file('/a'));
    await expectWhole();
  });

  it('starts over if the server resumes at another offset', async () => {
    handlers['/a'] = cut;
    handlers['/b'] = ({ headers }, response) =>
      headers.range
        ? response
            .writeHead(206, { 'content-range': `bytes 5-${content.length - 1}/${content.length}` })
            .end(content.subarray(5))
        : response.writeHead(200).end(content);
    await get(file('/a', '/b', '/b'));
    await expectWhole();
  });

  it.each<[string, Handler]>([
    ['is absent', (_, response) => response.writeHead(404).end()],
    [
      'corrupts a byte',
      (_, response) => response.end(Buffer.concat([Buffer.of(content[0]! ^ 1), content.subarray(1)])),
    ],
    [
      'claims to be longer than it is',
      (_, response) => {
        response.writeHead(200, { 'content-length': content.length + 10 });
        response.write(content, () => response.destroy());
      },
    ],
    [
      'claims to be shorter',
      (_, response) => response.writeHead(200, { 'content-length': 1000 }).end(content.subarray(0, 1000)),
    ],
    [
      'claims to be far longer',
      (_, response) => void response.writeHead(200, { 'content-length': 2 ** 40 }).write('x'),
    ],
    ['never stops', (_, response) => response.end(Buffer.alloc(400_000))],
    [
      'falls silent',
      (_, response) => void response.writeHead(200, { 'content-length': content.length }).write('x'),
    ],
    ['never answers', () => undefined],
    ['redirects for ever', (_, response) => response.writeHead(302, { location: '/bad' }).end()],
  ])('turns to the mirror where the first address %s', async (_, handler) => {
    handlers['/bad'] = handler;
    handlers['/mirror'] = good;
    await get(file('/bad', '/mirror'));
    await expectWhole();
  });

  it('follows redirects', async () => {
    handlers['/a'] = (_, response) => response.writeHead(302, { location: '/b' }).end();
    handlers['/b'] = good;
    await get(file('/a'));
    await expectWhole();
  });

  it('names the file and its path if no address works', async () => {
    const error = await errorOf(get(file('/none'), { attempts: 2 }));
    expect(error.code).toBe('ANC_DATA_DOWNLOAD');
    expect(error.describe()).toContain(target());
    expect(error.describe()).toContain('HTTP 404');
    expect(existsSync(target())).toBe(false);
  });

  it('refuses wrong bytes', async () => {
    handlers['/a'] = (_, response) => response.end('something else');
    const error = await errorOf(get(file('/a'), { attempts: 2 }));
    expect(error.code).toBe('ANC_DATA_CORRUPT');
    expect(error.detail.expected).toContain(md5);
    expect(existsSync(target())).toBe(false);
  });

  it('names a folder that cannot be written', async () => {
    await writeFile(join(dir, 'sub'), 'a file in the way');
    expect((await errorOf(get(file('/a')))).code).toBe('ANC_DATA_DISK');
  });

  it.runIf(existsSync('/dev/full'))('says that the disk is full, and takes nothing for whole', async () => {
    handlers['/a'] = (_, response) => response.end(content); // no length: nobody knows beforehand
    await mkdir(join(dir, 'sub'));
    await symlink('/dev/full', `${target()}.part`);
    const error = await errorOf(get(file('/a')));
    expect(error.code).toBe('ANC_DATA_DISK');
    expect(error.describe()).toMatch(/ENOSPC/);
    expect(existsSync(target())).toBe(false);
    expect(requests.length).toBe(1); // another address would not make room
  });

  it('reports a lack of disk space before writing, if the server announces the size', async () => {
    const most = 2 ** 60;
    handlers['/a'] = (_, response) => void response.writeHead(200, { 'content-length': most }).write('x');
    const error = await errorOf(get({ ...file('/a'), mostBytes: most }));
    expect(error.code).toBe('ANC_DATA_DISK');
    expect(error.describe()).toContain('bytes free');
  });

  it('waits for another process that downloads the same file', async () => {
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      handlers['/a'] = (request, response, count) => {
        answer = () => good(request, response, count);
        resolve();
      };
    });
    const first = get(file('/a'), { stall: 10_000 });
    await asked;
    const second = get(file('/a'));
    answer();
    await Promise.all([first, second]);
    await expectWhole();
    expect(requests.length).toBe(1);
    expect((await readdir(dirname(target()))).filter((name) => name.includes('.lock'))).toEqual([]);
  });

  it('downloads once, however many take over a stale lock at the same time', async () => {
    handlers['/a'] = good;
    await mkdir(dirname(target()), { recursive: true });
    await writeFile(`${target()}.part.lock.999999999.x`, '');
    await Promise.all([1, 2, 3].map(() => get(file('/a'))));
    await expectWhole();
    expect(requests.length).toBe(1);
  });

  it('takes over the lock of a process that ended', async () => {
    handlers['/a'] = good;
    await mkdir(join(dir, 'sub'));
    for (const left of [999999999, process.pid]) await writeFile(`${target()}.part.lock.${left}.x`, '');
    await get(file('/a'));
    await expectWhole();
  });

  it.each<[string, Handler]>([
    ['during a transfer', () => undefined],
    ['between two tries', (_, response) => response.writeHead(404).end()],
  ])('stops at the signal %s', async (_, handler) => {
    handlers['/a'] = handler;
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 30);
    await expect(get(file('/a'), { signal: stop.signal, stall: 10_000, pause: 10_000 })).rejects.toThrow(
      'enough',
    );
  });
});

describe('fetchFiles', () => {
  const published = (name: string, ...urls: string[]) => [{ ...file(...urls), name }];
  const fast = { pause: 1, attempts: 2 };

  it('downloads missing files, keeps existing ones, and refuses damaged ones', async () => {
    handlers['/a'] = good;
    const files = published('a.bin', '/a');
    const path = join(dir, 'a.bin');
    expect(await fetchFiles(files, dir, fast)).toEqual([{ name: 'a.bin', path, was: 'fetched' }]);
    expect(await fetchFiles(files, join(dir, 'other'), { ...fast, places: [dir] })).toEqual([
      { name: 'a.bin', path, was: 'there' },
    ]);
    expect(requests.length).toBe(1);
    await writeFile(path, 'damaged');
    expect((await errorOf(fetchFiles(files, dir, fast))).code).toBe('ANC_DATA_CORRUPT');
    expect(await readFile(path, 'utf8')).toBe('damaged');
    expect(await fetchFiles(files, dir, { ...fast, replaceDamaged: true })).toMatchObject([
      { was: 'damaged, fetched again' },
    ]);
    expect((await readFile(path)).equals(content)).toBe(true);
  });

  it('tries a mirror first, and never replaces files of another folder', async () => {
    handlers['/mine/a.bin'] = good;
    await fetchFiles(published('a.bin', '/a'), dir, { ...fast, mirror: `${base}/mine/` });
    expect(requests).toEqual(['/mine/a.bin']);
    await writeFile(join(dir, 'a.bin'), 'damaged');
    const elsewhere = { ...fast, places: [dir], replaceDamaged: true };
    const error = await errorOf(fetchFiles(published('a.bin', '/a'), join(dir, 'x'), elsewhere));
    expect(error.code).toBe('ANC_DATA_CORRUPT');
  });

  it('names the files and their paths when offline', () => {
    const text = offlineError('x', published('a.bin', '/a'), join(dir, 'x'), []).describe();
    expect(text).toContain(`${join(dir, 'x', 'a.bin')}  (from ${base}/a, MD5 ${md5})`);
    expect(text).toContain('--data-dir');
  });
});

describe('publishedFiles', () => {
  it('has an address, a checksum and a bound for every file', () => {
    const { svhn, ...others } = publishedFiles;
    const files = [...svhn({ extra: true }), ...Object.values(others).flatMap((list) => list())];
    expect(files.length).toBe(13);
    for (const { md5: sum, urls, mostBytes } of files) {
      expect(sum).toMatch(/^[0-9a-f]{32}$/);
      expect(urls.every((url) => URL.canParse(url))).toBe(true);
      expect(mostBytes).toBeGreaterThan(0);
    }
  });
});
