import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readVerified, verifyFile } from './verified-file.js';

const content = Buffer.alloc(1 << 20, 7);
const md5 = createHash('md5').update(content).digest('hex');
const old = new Date('2020-01-01');
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anc-verified-'));
  vi.stubEnv('ANC_CACHE_DIR', join(dir, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

const put = async (bytes: Uint8Array, time: Date): Promise<string> => {
  const path = join(dir, 'data.bin');
  await writeFile(path, bytes);
  await utimes(path, time, time);
  return path;
};
const log = async (): Promise<string> => readFile(join(dir, 'cache/verified.log'), 'utf8').catch(() => '');
/** Same size and time stamp, other bytes: nothing but hashing would tell. */
const other = Buffer.alloc(1 << 20, 8);

it('hashes a file once, as long as its size and time stay', async () => {
  const path = await put(content, old);
  await verifyFile(path, md5);
  expect((await log()).match(/^[0-9a-f]{64}$/gm)).toHaveLength(1);
  await put(other, old);
  await verifyFile(path, md5);
  expect((await readVerified(path, md5))[0]).toBe(8);
  await put(other, new Date('2020-01-02'));
  await expect(verifyFile(path, md5)).rejects.toThrow('wrong checksum');
  await expect(readVerified(path, md5)).rejects.toThrow('wrong checksum');
});

it('does not trust a time stamp that has just been made', async () => {
  const path = await put(content, new Date());
  await readVerified(path, md5);
  expect(await log()).toBe('');
});

it('works where nothing can be remembered', async () => {
  await writeFile(join(dir, 'cache'), 'a file in the way');
  const path = await put(content, old);
  await verifyFile(path, md5);
  await verifyFile(path, md5);
});

it('names a file that cannot be read', async () => {
  await expect(readVerified(join(dir, 'none'), md5)).rejects.toThrow(/none: cannot be read/);
});
