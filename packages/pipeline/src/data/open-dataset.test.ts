import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AncError, Dataset, definePlugin, PLUGIN_API_VERSION, type DatasetSplit } from '@anc/core';
import { MemoryImages } from '@anc/datasets';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { compose } from '../composition/compose.js';
import { openDataset, type Fetching } from './open-dataset.js';

const content = Buffer.from([1, 2, 3, 4]);
let [dir, base] = ['', ''];
let server: Server;
let requests: string[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-open-'));
  vi.stubEnv('ANC_CACHE_DIR', dir);
  vi.stubEnv('ANC_DATA_DIR', '');
  requests = [];
  server = createServer(({ url = '' }, response) => {
    requests.push(url);
    if (url.startsWith('/none')) response.writeHead(404).end();
    else response.end(content);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await new Promise((done) => server.close(done));
  await rm(dir, { recursive: true, force: true });
});

/** Four images of one byte, in one file; labels in another. */
class Bytes extends Dataset {
  readonly name = 'bytes';
  readonly classes = ['a'];
  readonly shape = [1, 1, 1] as const;
  async split(): Promise<DatasetSplit> {
    const read = async (name: string): Promise<Uint8Array> => {
      const path = join(dir, 'bytes', name);
      if (!existsSync(path)) throw new AncError('ANC_DATA_MISSING', path);
      return await readFile(path);
    };
    return {
      images: new MemoryImages(await read('images'), this.shape),
      labels: async () => Int32Array.from(await read('labels'), () => 0),
    };
  }
}
const plugin = (names: readonly string[]) =>
  definePlugin({
    name: 'test',
    apiVersion: PLUGIN_API_VERSION,
    datasets: {
      bytes: {
        options: z.strictObject({}),
        files: () =>
          names.map((name) => ({
            name,
            urls: [`${base}/${name}`],
            md5: createHash('md5').update(content).digest('hex'),
            mostBytes: 100,
          })),
        create: () => new Bytes(),
      },
    },
  });
const open = (names: readonly string[], fetching: Fetching = {}): Promise<Dataset> =>
  openDataset({ name: 'bytes', options: {} }, compose([plugin(names)]), { dataDir: null, seed: 1 }, fetching);

it('fetches what is missing when it is first asked for, says so, and never again', async () => {
  const said: string[] = [];
  const progress: [string, number][] = [];
  const dataset = await open(['images', 'labels'], {
    say: (line) => said.push(line),
    progress: (file, received) => progress.push([file, received]),
  });
  expect(requests).toEqual([]);
  const { images, labels } = await dataset.split('train');
  expect(images.count).toBe(4);
  expect((await labels!()).length).toBe(4);
  await (await open(['images', 'labels'])).split('test');
  expect(requests).toEqual(['/images', '/labels']);
  expect(said).toEqual([`bytes: getting its files into ${join(dir, 'bytes')}`]);
  expect(progress).toEqual([
    ['images', 4],
    ['labels', 4],
  ]);
});

it('names the folder of the user in which files were looked for', async () => {
  const said: string[] = [];
  const named = { name: 'bytes', options: {} };
  const fetching = { say: (line: string) => said.push(line) };
  const own = join(dir, 'own');
  const plugins = [plugin(['images', 'labels'])];
  const dataset = await openDataset(named, compose(plugins), { dataDir: own, seed: 1 }, fetching);
  await dataset.split('train');
  expect(said).toEqual([`bytes: not all of it is in ${own}; getting its files into ${join(dir, 'bytes')}`]);
});

it('fetches labels that are missing when they are first asked for', async () => {
  const { labels } = await (await open(['images'])).split('train');
  await expect(labels!()).rejects.toThrow('labels'); // published nowhere: said once, not for ever
  const { labels: published } = await (await open(['images', 'labels'])).split('train');
  expect((await published!()).length).toBe(4);
});

it.each<[string, Fetching, string]>([
  ['reported so', { offline: true }, ''],
  ['the environment says so', {}, '1'],
])('fetches nothing when %s', async (_, fetching, environment) => {
  vi.stubEnv('ANC_OFFLINE', environment);
  const work = (await open(['images', 'labels'], fetching)).split('train');
  await expect(work).rejects.toMatchObject({ code: 'ANC_DATA_MISSING' });
  await expect(work).rejects.toThrow(/downloading is off/);
  expect(requests).toEqual([]);
});

it('asks the mirror of the environment first', async () => {
  vi.stubEnv('ANC_DATA_MIRROR', `${base}/mine`);
  await (await open(['images'])).split('train');
  expect(requests).toEqual(['/mine/images']);
});
