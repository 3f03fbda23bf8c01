import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startHeartbeat } from './heartbeat.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-heartbeat-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a heartbeat', () => {
  it('renews the time of its file again and again, until it is stopped', async () => {
    const path = join(folder, 'claim');
    await writeFile(path, 'claim\n');
    const stop = startHeartbeat(path, 'claim\n', 20);
    for (let beat = 0; beat < 2; beat++) {
      await utimes(path, 1000, 1000);
      await vi.waitFor(async () => expect((await stat(path)).mtimeMs).toBeGreaterThan(1_000_000), 20_000);
    }
    await stop();
    await utimes(path, 1000, 1000);
    await sleep(100);
    expect((await stat(path)).mtimeMs).toBe(1_000_000);
    expect(await readFile(path, 'utf8')).toBe('claim\n');
  });

  it('does not make its file again', async () => {
    const path = join(folder, 'gone');
    const stop = startHeartbeat(path, 'claim\n', 20);
    await sleep(200);
    await stop();
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
