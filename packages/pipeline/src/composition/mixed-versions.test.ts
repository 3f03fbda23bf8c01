import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mixedVersions } from './mixed-versions.js';

/** What Node says of a name that a module does not export. */
const lacks = (specifier: string, name: string): string =>
  `The requested module '${specifier}' does not provide an export named '${name}'`;

/** A project with a release of core that is older than the plugin in it. */
let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'anc-mixed-'));
  const core = join(project, 'node_modules', '@anc', 'core');
  await mkdir(core, { recursive: true });
  const exports = { './package.json': './package.json' };
  await writeFile(
    join(core, 'package.json'),
    JSON.stringify({ name: '@anc/core', version: '0.0.7', exports }),
  );
});
afterAll(() => rm(project, { recursive: true }));

describe('mixedVersions', () => {
  it.each(['@anc/core', '@anc/core/internal'])(
    'names both versions of core and where they are: %s',
    (from) => {
      const plugin = pathToFileURL(join(project, 'new.mjs')).href;
      const detail = mixedVersions(lacks(from, 'ofTomorrow'), plugin)!;
      expect(detail.expected).toBe(`a release of @anc/core that exports ofTomorrow from ${from}`);
      expect(detail.received).toMatch(
        /^@anc\/core 0\.0\.7 in \S+package\.json; the program's @anc\/core is \d+\.\d+\.\d+ in /,
      );
      expect(detail.hint).toContain('npm ls @anc/core');
    },
  );

  it('says that a package is not there at all', () => {
    const plugin = pathToFileURL(join(project, 'new.mjs')).href;
    expect(mixedVersions(lacks('@anc/methods', 'x'), plugin)?.received).toMatch(/^no @anc\/methods beside/);
  });

  it('has nothing to say of packages of others, or of other errors', () => {
    expect(mixedVersions(lacks('node:path', 'x'), import.meta.url)).toBeNull();
    expect(mixedVersions("Unexpected token '}'", import.meta.url)).toBeNull();
  });
});
