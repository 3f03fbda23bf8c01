import module from 'node:module';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { resolvePlugin } from './resolve-plugin.js';

const cwd = import.meta.dirname;
const yarn = module as { findPnpApi?: (folder: string) => unknown };
afterEach(() => delete yarn.findPnpApi);

describe('resolvePlugin', () => {
  it('finds packages from the folder, files in it, and nothing else', () => {
    expect(resolvePlugin('zod', cwd)).toMatch(/^file:.*node_modules\/zod\//);
    expect(resolvePlugin('./registry', cwd)).toMatch(/composition\/registry\.ts$/);
    expect(resolvePlugin('./registry', join(cwd, '..'))).toBeUndefined(); // beside this package's module only
    expect(resolvePlugin('anc-no-such-plugin', cwd)).toBeUndefined();
  });

  it("finds what Yarn's Plug'n'Play has in archives, by the conditions of modules", () => {
    const requests: unknown[] = [];
    yarn.findPnpApi = () => ({
      resolveRequest: (request: string, issuer: string, { conditions }: { conditions: Set<string> }) => {
        requests.push(request, [...conditions]);
        if (request !== 'anc-plugin-zoo') throw new Error(`${request} is not declared`);
        return '/cache/anc-plugin-zoo.zip/node_modules/anc-plugin-zoo/index.js';
      },
    });
    expect(resolvePlugin('anc-plugin-zoo', cwd)).toBe(
      'file:///cache/anc-plugin-zoo.zip/node_modules/anc-plugin-zoo/index.js',
    );
    expect(requests).toEqual(['anc-plugin-zoo', ['node', 'import', 'default']]);
    expect(resolvePlugin('anc-no-such-plugin', cwd)).toBeUndefined();
  });
});
