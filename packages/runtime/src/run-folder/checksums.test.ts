import { createHash } from 'node:crypto';
import type * as Fs from 'node:fs/promises';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Checksums, sha256 } from './checksums.js';
import { RunFolder } from './run-folder.js';

/** What happens after a file was read and before its reader goes on, as when another process works at the same time. */
const meanwhile = vi.hoisted(() => ({ after: (_path: string): Promise<void> | void => undefined }));
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof Fs>();
  const read = async (path: string, encoding: BufferEncoding): Promise<unknown> => {
    const content = await fs.readFile(path, encoding);
    await meanwhile.after(path);
    return content;
  };
  return { ...fs, readFile: read };
});

let root: string;
let folder: RunFolder;
const at = (...parts: string[]): string => join(folder.path, ...parts);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anc-sums-'));
  folder = await RunFolder.create(join(root, 'a'), 'seed: 1\n');
  await folder.writeEnvironment({ node: 'v20' });
  await folder.write(['student', 'kd', 'weights.safetensors'], Uint8Array.of(1, 2, 3));
  await folder.write(['student', 'kd', 'result.json'], '{}');
  await folder.write(['student', 'kd', 'result.json'], '{"testError":0.1}'); // replaced
});
afterEach(() => {
  meanwhile.after = () => undefined;
  return rm(root, { recursive: true, force: true });
});

const RESULT = 'student/kd/result.json';
/** Digests of a file's lines. */
const linesOf = async (name: string): Promise<string[]> => {
  const lines = (await readFile(at('SHA256SUMS'), 'utf8')).split('\n');
  return lines.filter((line) => line.endsWith(`  ${name}`)).map((line) => line.slice(0, 64));
};

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(path, bytes);
}

describe('the checksums of a run folder', () => {
  it('are lines that `sha256sum -c` reads, after which comes one that it skips', async () => {
    const lines = (await readFile(at('SHA256SUMS'), 'utf8')).split('\n');
    const files = ['config.resolved.yaml', 'environment.json', 'student/kd/result.json'];
    for (const [i, name] of [...files, 'student/kd/weights.safetensors'].entries()) {
      const digest = createHash('sha256')
        .update(await readFile(at(name)))
        .digest('hex');
      expect(lines[i]).toBe(`${digest}  ${name}`);
    }
    expect(lines.slice(4)).toEqual([expect.stringMatching(/^# /), '']);
  });

  it.each([
    [
      'student/kd/weights.safetensors',
      /remove the folder .*student\/kd and continue with anc-cli run --resume .*others are kept/,
    ],
    ['student/kd/result.json', /remove the folder .*student\/kd and continue/],
    ['environment.json', /restore the file from a copy/],
  ])('find one bit in %s, and say how to recover', async (name, hint) => {
    expect(await folder.readBytes(...name.split('/'))).not.toBeNull();
    await flip(at(...name.split('/')));
    const received = `SHA-256 ${sha256(await readFile(at(...name.split('/'))))}`;
    const damaged = {
      code: 'ANC_RUN_DAMAGED',
      message: `${at(name)} is damaged.`,
      detail: { expected: `SHA-256 ${(await linesOf(name))[0]!}`, received },
    };
    await expect(folder.readBytes(...name.split('/'))).rejects.toMatchObject({
      ...damaged,
      detail: { ...damaged.detail, hint: expect.stringMatching(hint) as string },
    });
    await expect(folder.checksums.verify(name)).rejects.toMatchObject(damaged);
  });

  it('find half a file, and their own damage', async () => {
    await truncate(at('student', 'kd', 'weights.safetensors'), 1);
    await expect(folder.readBytes('student', 'kd', 'weights.safetensors')).rejects.toMatchObject({
      code: 'ANC_RUN_DAMAGED',
    });
    const sums = await readFile(at('SHA256SUMS'), 'utf8');
    for (const damaged of [sums.slice(0, 80), sums.slice(66), sums.replace('a', 'b')]) {
      await writeFile(at('SHA256SUMS'), damaged);
      await expect(folder.read('environment.json')).rejects.toMatchObject({
        code: 'ANC_RUN_DAMAGED',
        message: `${at('SHA256SUMS')} is damaged.`,
        detail: {
          expected: 'lines with the checksums of the files beside it',
          received: 'lines that do not have the checksum of its last line',
          hint: expect.stringMatching(/^restore it from a copy/) as string,
        },
      });
    }
  });

  it('verify a file without returning it: its digest, or null where it is missing', async () => {
    const { checksums } = folder;
    expect(await checksums.verify(RESULT)).toBe(sha256('{"testError":0.1}'));
    await writeFile(at('notes.txt'), 'mine');
    expect(await checksums.verify('notes.txt')).toBe(sha256('mine'));
    await rm(at('student'), { recursive: true });
    expect(await checksums.verify(RESULT)).toBeNull();
    expect(await checksums.readVerified(RESULT)).toBeNull();
    await rm(at('SHA256SUMS'));
    expect(await checksums.verify('environment.json')).toBe(sha256(await readFile(at('environment.json'))));
  });

  it('read a document as text: null where it is missing, an error with its path where it cannot be read', async () => {
    const { checksums } = folder;
    expect(await checksums.readText(RESULT)).toBe('{"testError":0.1}');
    expect(await checksums.readText('student/none.json')).toBeNull();
    await mkdir(at('notes'));
    await expect(checksums.readText('notes')).rejects.toMatchObject({
      code: 'ANC_DISK',
      message: expect.stringMatching(/notes.* cannot be read/) as string,
    });
    await flip(at(RESULT));
    await expect(checksums.readText(RESULT)).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
  });

  it('take a file below a file for missing', async () => {
    expect(await folder.checksums.verify('environment.json/none')).toBeNull();
    expect(await folder.checksums.readVerified('environment.json/none')).toBeNull();
  });

  it('take what is no file for an error, not for a missing file', async () => {
    await mkdir(at('notes'));
    await expect(folder.checksums.readVerified('notes')).rejects.toThrow('EISDIR');
    await expect(folder.checksums.verify('notes')).rejects.toThrow('EISDIR');
  });

  it('have one line of a file that is new, or was removed, or was there before the lines', async () => {
    const during: string[][] = [];
    const write = (name: string) => async () => {
      during.push(await linesOf(name));
      await writeFile(at(...name.split('/')), 'new');
    };
    await rm(at(...RESULT.split('/')));
    await writeFile(at('notes.txt'), 'mine');
    for (const name of ['other.txt', RESULT, 'notes.txt']) {
      await folder.checksums.record(name, 'new', write(name));
      expect(await linesOf(name)).toEqual([sha256('new')]);
    }
    expect(during).toEqual([[sha256('new')], [sha256('new')], [sha256('new')]]);
  });

  it('are an empty list in a folder without files', async () => {
    await writeFile(at('SHA256SUMS'), Checksums.of({}));
    expect(await folder.checksums.names()).toEqual([]);
    await rm(at('SHA256SUMS'));
    expect(await folder.checksums.names()).toBeNull();
  });

  it('say whether the options were edited', async () => {
    expect(await folder.configIsOriginal()).toBe(true);
    await writeFile(at('config.resolved.yaml'), 'seed: 2\n');
    expect(await folder.configIsOriginal()).toBe(false);
    await folder.writeConfig('seed: 3\n');
    expect(await folder.configIsOriginal()).toBe(true);
  });

  it('survive a process that ends while it replaces a file: the old and the new one are right', async () => {
    const sums = await readFile(at('SHA256SUMS'), 'utf8');
    const old = await readFile(at('student', 'kd', 'result.json'));
    const killed = folder.checksums.record('student/kd/result.json', 'new', () =>
      Promise.reject(new Error('killed')),
    );
    await expect(killed).rejects.toThrow('killed');
    expect(await folder.readBytes('student', 'kd', 'result.json')).toEqual(old);
    await writeFile(at('student', 'kd', 'result.json'), 'new');
    expect(await folder.read('student', 'kd', 'result.json')).toBe('new');
    expect(await readFile(at('SHA256SUMS'), 'utf8')).not.toBe(sums);
  });

  it('know both contents while a file is replaced, however often that is interrupted, and all other files', async () => {
    const old = '{"testError":0.1}';
    const others = (await folder.checksums.names())!;
    const model = [RESULT, 'student/kd/weights.safetensors'];
    expect(others).toEqual(['config.resolved.yaml', 'environment.json', ...model]);
    for (let attempt = 1; attempt <= 2; attempt++) {
      const killed = folder.checksums.record(RESULT, 'new', async () => {
        expect((await linesOf(RESULT)).sort()).toEqual([sha256(old), sha256('new')].sort());
        expect(await folder.checksums.names()).toEqual(others);
        throw new Error('killed');
      });
      await expect(killed).rejects.toThrow('killed');
      expect(await folder.read(...RESULT.split('/'))).toBe(old);
    }
    await folder.checksums.write(RESULT, 'new');
    expect(await linesOf(RESULT)).toEqual([sha256('new')]);
  });

  it('are read again where a file is replaced between its line and its content', async () => {
    const replaceOnce = (content: string): void => {
      meanwhile.after = async (path) => {
        if (path !== at('SHA256SUMS')) return;
        meanwhile.after = () => undefined;
        await new Checksums(folder.path).write(RESULT, content);
      };
    };
    replaceOnce('second');
    expect(String(await folder.checksums.readVerified(RESULT))).toBe('second');
    replaceOnce('third');
    expect(await folder.checksums.verify(RESULT)).toBe(sha256('third'));
  });

  it('are not missed in a folder of an earlier version', async () => {
    await rm(at('SHA256SUMS'));
    await flip(at('environment.json'));
    expect(await folder.read('environment.json')).not.toBeNull();
    expect(await folder.configIsOriginal()).toBeNull();
    await folder.write('result.json', '{}');
    expect(await folder.read('result.json')).toBe('{}');
  });

  it('leave a cut document to its parser', async () => {
    await rm(at('SHA256SUMS'));
    await writeFile(at('environment.json'), '{"no');
    await expect(folder.readEnvironment()).rejects.toMatchObject({ code: 'ANC_RUN_DAMAGED' });
  });
});
