import type * as Fs from 'node:fs/promises';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { syncFolder, writeFileAtomically } from './atomic-write.js';

/** What reached the disk, in order. */
const events = vi.hoisted(() => [] as string[]);
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof Fs>();
  const open = async (path: string, flags: string): Promise<FileHandle> => {
    const file = await fs.open(path, flags);
    const [sync, close] = [file.sync.bind(file), file.close.bind(file)];
    file.sync = async () => (events.push(`sync ${path}`), sync());
    file.close = async () => (events.push(`close ${path}`), close());
    return file;
  };
  const rename = async (from: string, to: string): Promise<void> => {
    events.push(`rename ${from}`);
    await fs.rename(from, to);
  };
  return { ...fs, open, rename };
});

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-write-'));
  path = join(folder, 'result.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const text = (): Promise<string> => readFile(path, 'utf8');
const bytes = (word: string): Uint8Array => new TextEncoder().encode(word);

describe('writeFileAtomically', () => {
  it('writes text, bytes and pieces, and leaves no other file', async () => {
    await writeFileAtomically(path, 'text');
    expect(await text()).toBe('text');
    await writeFileAtomically(path, bytes('bytes'));
    expect(await text()).toBe('bytes');
    await writeFileAtomically(path, [bytes('pi'), bytes(''), bytes('eces')]);
    expect(await text()).toBe('pieces');
    await writeFileAtomically(path, []);
    expect(await text()).toBe('');
    expect(await readdir(folder)).toEqual(['result.json']);
  });

  it('has the content on disk before it takes the name, and then the name', async () => {
    // The name has a random part.
    const seen = () => events.map((event) => event.replace(/(result\.json)\.[\w-]+\.tmp$/, '$1.tmp'));
    const temporary = `${path}.tmp`;
    for (const content of ['text', [bytes('pieces')]]) {
      events.length = 0;
      await writeFileAtomically(path, content);
      expect(seen()).toEqual([
        ...[`sync ${temporary}`, `close ${temporary}`, `rename ${temporary}`],
        ...[`sync ${folder}`, `close ${folder}`],
      ]);
    }
  });

  it('leaves folders to the file system on Windows, which cannot open them', async () => {
    events.length = 0;
    vi.stubGlobal('process', { ...process, platform: 'win32' });
    await syncFolder(folder).finally(() => vi.unstubAllGlobals());
    expect(events).toEqual([]);
  });

  it('keeps pieces in order and whole, whatever their sizes', async () => {
    const sizes = [1, 3 << 20, 7, 600_000];
    const pieces = sizes.map((size, i) => new Uint8Array(size).fill(i + 1));
    await writeFileAtomically(path, pieces);
    expect((await readFile(path)).equals(Buffer.concat(pieces))).toBe(true);
  });

  it('keeps the old content while it writes, and if a piece cannot be computed', async () => {
    await writeFile(path, 'old');
    const seen: Promise<string>[] = [];
    function* failing(): Generator<Uint8Array> {
      yield bytes('new');
      seen.push(text());
      throw new Error('out of memory');
    }
    await expect(writeFileAtomically(path, failing())).rejects.toThrow('out of memory');
    expect(await Promise.all(seen)).toEqual(['old']);
    expect(await text()).toBe('old');
    expect(await readdir(folder)).toEqual(['result.json']);
  });

  it('removes its temporary file if it cannot be renamed', async () => {
    await mkdir(path);
    await expect(writeFileAtomically(path, 'text')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['result.json']);
  });

  it('is one error where the disk is full, with the space that is needed', async () => {
    await writeFile(path, 'old');
    const handle = await open(path);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    const writing = vi
      .spyOn(Object.getPrototypeOf(handle) as FileHandle, 'writeFile')
      .mockRejectedValue(full);
    await handle.close();
    const failed = writeFileAtomically(path, new Uint8Array(3_000_000));
    await expect(failed).rejects.toMatchObject({
      code: 'ANC_DISK',
      message: `${path} cannot be written.`,
      detail: {
        expected: '3.0 MB of free space',
        received: expect.stringMatching(/ENOSPC: no space left on device.*; .* free/) as string,
      },
    });
    await expect(writeFileAtomically(path, 'é'.repeat(1_000_000))).rejects.toMatchObject({
      detail: { expected: '2.0 MB of free space' },
    });
    writing.mockRestore();
    expect(await text()).toBe('old');
    expect(await readdir(folder)).toEqual(['result.json']);
  });

  it('writes one of several contents at once, whole', async () => {
    const contents = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(100_000));
    await Promise.all(contents.map((content) => writeFileAtomically(path, content)));
    expect(contents).toContain(await text());
    expect(await readdir(folder)).toEqual(['result.json']);
  });

  it('is one error where the folder is gone, and clean-up hides nothing of it', async () => {
    await rm(folder, { recursive: true });
    const gone = { code: 'ANC_DISK', detail: { received: expect.stringContaining('ENOENT') as string } };
    await expect(writeFileAtomically(path, 'text')).rejects.toMatchObject(gone);
    await mkdir(folder);
  });
});
