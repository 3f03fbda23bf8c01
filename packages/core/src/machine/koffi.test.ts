import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importKoffi, KOFFI_PACKAGE } from './koffi.js';

const failure = (cause: unknown): Error => new Error(`needed: ${(cause as Error).message}`);

describe('importKoffi', () => {
  it('takes the default export where there is one', async () => {
    const koffi = { load: () => null };
    expect(await importKoffi(() => Promise.resolve({ default: koffi }), failure)).toBe(koffi);
    expect(await importKoffi(() => Promise.resolve(koffi), failure)).toBe(koffi);
  });

  it('throws the error of who needs it', async () => {
    const broken = importKoffi(() => Promise.reject(new Error('no build')), failure);
    await expect(broken).rejects.toThrow('needed: no build');
  });
});

describe('KOFFI_PACKAGE', () => {
  it('has the version that every package names', () => {
    const packages = new URL('../../../', import.meta.url);
    const named = readdirSync(packages).flatMap((name) => {
      const text = readFileSync(new URL(`${name}/package.json`, packages), 'utf8');
      const { dependencies, peerDependencies, devDependencies } = JSON.parse(text) as Record<
        string,
        Record<string, string> | undefined
      >;
      const all = { ...dependencies, ...peerDependencies, ...devDependencies };
      return all.koffi === undefined ? [] : [[name, all.koffi]];
    });
    expect(named).not.toEqual([]);
    expect(named).toEqual(named.map(([name]) => [name, KOFFI_PACKAGE.version]));
  });
});
