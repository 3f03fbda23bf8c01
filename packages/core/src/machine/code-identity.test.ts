import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { codeIdentity } from './code-identity.js';

let folder: string;

async function write(path: string, content: string): Promise<void> {
  const file = join(folder, 'node_modules', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** The identity of two packages, as a process finds it that begins now. */
function identity(from = 'one/dist/index.js'): string | null {
  vi.spyOn(performance, 'timeOrigin', 'get').mockReturnValue(Date.now() + 60_000);
  const url = pathToFileURL(join(folder, 'node_modules', from)).href;
  return codeIdentity({ own: ['one'], others: ['two'], from: url });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anc-code-'));
  await write('one/package.json', '{"version":"1.0.0"}');
  await write('one/dist/index.js', 'export {};');
  await write('one/dist/other.js', '');
  await write('two/package.json', '{"version":"1.0.0"}');
  await write('two/index.js', '');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

describe('codeIdentity', () => {
  it('changes with every built file and with versions, and with nothing else', async () => {
    const found = new Set([identity()]);
    expect(identity()).toMatch(/^[0-9a-f]{64}$/);
    await write('one/README.md', 'other words');
    await write('two/index.js', 'other code');
    expect(found.has(identity())).toBe(true);
    for (const [path, content] of [
      ['one/dist/index.js', 'export { };'],
      ['one/dist/other.js', '1'],
      ['one/dist/new.js', ''],
      ['one/package.json', '{"version":"1.0.1"}'],
      ['two/package.json', '{"version":"1.0.1"}'],
    ] as const) {
      await write(path, content);
      const changed = identity();
      expect(found.has(changed), path).toBe(false);
      found.add(changed);
    }
  });

  it('is not known where other code may run than lies there', async () => {
    expect(identity('one/src/index.ts')).toBeNull();
    expect(identity('missing/dist/index.js')).not.toBeNull(); // found from anywhere above
    vi.restoreAllMocks();
    const url = pathToFileURL(join(folder, 'node_modules/one/dist/index.js')).href;
    await write('one/dist/index.js', await readFile(join(folder, 'node_modules/one/dist/index.js'), 'utf8'));
    expect(codeIdentity({ own: ['one'], others: [], from: url })).toBeNull(); // written after this process began
    await write('one/dist/plain/index.js', '');
    expect(identity()).toBeNull();
    await rm(join(folder, 'node_modules/one/package.json'));
    expect(identity()).toBeNull();
  });
});
