import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lock } from './lock.js';
import { thisProcess, type ProcessIdentity } from './process-identity.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-lock-'));
  path = join(folder, '.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('lock', () => {
  it('is held until it is released, and can then be held again', async () => {
    const { release } = await lock(path);
    await expect(lock(path)).rejects.toMatchObject({
      code: 'ANC_RUN_BUSY',
      detail: {
        received: expect.stringContaining(`process ${process.pid} on ${hostname()} holds`) as string,
      },
    });
    await release();
    expect(await readdir(folder)).toEqual([]);
    await (await lock(path)).release();
  });

  it('is one for each path', async () => {
    const locks = await Promise.all([lock(path), lock(join(folder, 'other'))]);
    await Promise.all(locks.map(({ release }) => release()));
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves files of other names alone, and the claim of a living process', async () => {
    const others = ['.lockfile.1.x', `.lock.${process.ppid}.x`, 'metrics.jsonl'];
    for (const name of others) await writeFile(join(folder, name), '');
    await expect(lock(path)).rejects.toMatchObject({ code: 'ANC_RUN_BUSY' });
    expect((await readdir(folder)).sort()).toEqual([...others].sort());
  });

  it('takes over claims that no living process can have', async () => {
    for (const name of ['.lock.999999999.x', '.lock.0.x', '.lock.-1.x', '.lock.damaged'])
      await writeFile(join(folder, name), '');
    const { release } = await lock(path);
    expect(await readdir(folder)).toEqual([expect.stringMatching(`^\\.lock\\.${process.pid}\\.`)]);
    await release();
  });

  /** A claim of another process, with its last sign of life so many seconds ago. */
  const claimOf = async (holder: ProcessIdentity, age = 0): Promise<string> => {
    const name = `.lock.${holder.pid}.other`;
    await writeFile(join(folder, name), JSON.stringify(holder));
    const then = Date.now() / 1000 - age;
    await utimes(join(folder, name), then, then);
    return name;
  };
  const elsewhere = {
    ...thisProcess(),
    pid: 999999999,
    host: 'container-b',
    space: 'another boot, another namespace',
  };

  it('respects a process that it cannot see, as long as that gives signs of life', async () => {
    const name = await claimOf(elsewhere, 90);
    const refused = lock(path);
    await expect(refused).rejects.toMatchObject({
      code: 'ANC_RUN_BUSY',
      detail: {
        received: expect.stringMatching(
          /process 999999999 on container-b holds .*, last sign of life (?:89|9\d) s ago/,
        ) as string,
        hint: 'wait until it has finished; a lock without a sign of life for 120 s is taken over.',
      },
    });
    expect(await readdir(folder)).toEqual([name]); // never removed
    await rm(join(folder, name));
    await claimOf(elsewhere, 600);
    const { release } = await lock(path);
    expect(await readdir(folder)).toHaveLength(1);
    await release();
  });

  it.skipIf(process.platform !== 'linux')(
    'is not held by a process that got the id of another one',
    async () => {
      await claimOf({ ...thisProcess(), pid: process.ppid, started: '1' });
      await (await lock(path)).release();
      await claimOf({ ...thisProcess(), started: '1' }); // an earlier process of this id
      await (await lock(path)).release();
    },
  );

  it('goes by signs of life where start times are not known, as outside of Linux', async () => {
    const here = { ...thisProcess(), started: null };
    await claimOf(here);
    await expect(lock(path)).rejects.toMatchObject({ code: 'ANC_RUN_BUSY' });
    await claimOf(here, 600); // left by an earlier process of this id
    await (await lock(path)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('suggests in no case that a process is ended', async () => {
    const holders = [elsewhere, { ...thisProcess(), pid: process.ppid, started: null }];
    for (const holder of holders) {
      const name = await claimOf(holder);
      const error = await lock(path).then(() => null, (refused: unknown) => refused); // prettier-ignore
      expect(JSON.stringify(error)).not.toMatch(/end it|kill|stop it/);
      expect(error).toMatchObject({ code: 'ANC_RUN_BUSY' });
      await rm(join(folder, name));
    }
  });

  it('notices that it was taken over', async () => {
    const held = await lock(path);
    await held.assertHeld();
    for (const name of await readdir(folder)) await rm(join(folder, name));
    await expect(held.assertHeld()).rejects.toMatchObject({ code: 'ANC_RUN_BUSY' });
    await held.release();
  });
});
