import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunFolder } from './run-folder.js';

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
afterEach(() => rm(root, { recursive: true, force: true }));

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
    const damaged = { code: 'ANC_RUN_DAMAGED', message: `${at(name)} is damaged.` };
    await expect(folder.readBytes(...name.split('/'))).rejects.toMatchObject({
      ...damaged,
      detail: { hint: expect.stringMatching(hint) as string },
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
      });
    }
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
