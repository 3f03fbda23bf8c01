import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAncError, type AncError } from '@anc/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadFile, type RemoteFile } from './download-file.js';
import { getDataset, OFFICIAL_FILES } from './official-files.js';

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
  it('fetches, reports progress and leaves nothing else behind', async () => {
    handlers['/a'] = good;
    const seen: [number, number | null][] = [];
    await get(file('/a'), {
      progress: (received: number, total: number | null) => seen.push([received, total]),
    });
    await expectWhole();
    expect(seen.at(-1)).toEqual([content.length, content.length]);
  });

  it('goes on where a cut connection stopped', async () => {
    handlers['/a'] = (request, response, count) => (count === 1 ? cut : ranged)(request, response, count);
    await get(file('/a'));
    await expectWhole();
    expect(requests).toEqual(['/a', expect.stringMatching(/^\/a bytes=[1-9]\d*-$/)]);
  });

  it('starts over where the server cannot resume', async () => {
    handlers['/a'] = (request, response, count) => (count === 1 ? cut : good)(request, response, count);
    await get(file('/a'));
    await expectWhole();
  });

  it('starts over where the server resumes at another place', async () => {
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

  it('says which file to put where when no address answers', async () => {
    const error = await errorOf(get(file('/none'), { attempts: 2 }));
    expect(error.code).toBe('ANC_DATA_DOWNLOAD');
    expect(error.describe()).toContain(target());
    expect(error.describe()).toContain('HTTP 404');
    expect(existsSync(target())).toBe(false);
  });

  it('takes no wrong bytes for right', async () => {
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

  it('stops when told to', async () => {
    handlers['/a'] = () => undefined;
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('enough')), 30);
    await expect(get(file('/a'), { signal: stop.signal, stall: 10_000 })).rejects.toThrow('enough');
  });
});

describe('getDataset', () => {
  it('fetches what is not there, keeps what is, and refuses what is damaged', async () => {
    handlers['/a'] = good;
    const files = [{ ...file('/a'), name: 'a.bin' }];
    expect(await getDataset('x', { folder: dir, files })).toBe(dir);
    await getDataset('x', { folder: dir, files });
    expect(requests.length).toBe(1);
    await writeFile(join(dir, 'a.bin'), 'damaged');
    expect((await errorOf(getDataset('x', { folder: dir, files }))).code).toBe('ANC_DATA_CORRUPT');
  });

  it('has an address and a checksum for every file it offers', () => {
    for (const files of Object.values(OFFICIAL_FILES)) {
      for (const { md5: sum, urls } of files) {
        expect(sum).toMatch(/^[0-9a-f]{32}$/);
        expect(urls.length).toBeGreaterThan(0);
      }
    }
  });

  it('says so where there is no address', async () => {
    expect((await errorOf(getDataset('imagenet'))).code).toBe('ANC_DATA_NO_DOWNLOAD');
  });
});
