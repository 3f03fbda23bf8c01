import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { versions } from './versions.js';

describe('versions', () => {
  it('are those of the packages that a result depends on', async () => {
    const own = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
      dependencies: Record<string, string>;
      peerDependencies: Record<string, string>;
    };
    const found = versions();
    expect(found['@anc/pipeline']).toBe(own.version);
    expect(found['@tensorflow/tfjs-core']).toBe(own.peerDependencies['@tensorflow/tfjs-core']);
    const libraries = Object.keys({ ...own.dependencies, ...own.peerDependencies }).filter((name) =>
      name.startsWith('@anc/'),
    );
    for (const name of libraries) expect(found, name).toHaveProperty([name]);
  });

  it('leave out what is not installed', () => {
    for (const version of Object.values(versions())) expect(version).toMatch(/^\d+\.\d+\.\d+/);
  });
});
