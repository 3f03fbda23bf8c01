import type { AncError } from '../errors/error.js';
import { describe, expect, it } from 'vitest';
import { platformName } from './platform.js';
import { importOptional, type OptionalPackage } from './optional-package.js';

const missing = (name: string): Error =>
  Object.assign(new Error(`Cannot find package '${name}' imported from /app/x.js`), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
const optional = (load: OptionalPackage['load'], name = 'no-such-package'): OptionalPackage => ({
  name,
  version: '1.2.3',
  platforms: [platformName()!],
  backend: 'toy',
  repair: 'npm rebuild it',
  load,
});

describe('importOptional', () => {
  it('gives the package that its loader finds', async () => {
    const found = { answer: 42 };
    expect(await importOptional(optional(() => Promise.resolve(found)))).toBe(found);
  });

  it('looks from the working directory where the loader finds none', async () => {
    const specifiers: string[] = [];
    const found = await importOptional(
      optional((specifier) => {
        specifiers.push(specifier);
        return specifier === 'vitest' ? Promise.reject(missing('vitest')) : Promise.resolve('found');
      }, 'vitest'),
    );
    expect(found).toBe('found');
    expect(specifiers[1]).toMatch(/^file:.*vitest/);
  });

  it('says how to install a package that is nowhere', async () => {
    const wanted = optional((name) => Promise.reject(missing(name)));
    await expect(importOptional(wanted)).rejects.toMatchObject({
      code: 'ANC_BACKEND_MISSING',
      message: 'backend "toy" needs no-such-package, which is not installed.',
      detail: { hint: 'npm install no-such-package@1.2.3', install: 'no-such-package@1.2.3' },
    });
  });

  it("recognizes that a package is missing in Yarn's Plug'n'Play", async () => {
    const error = Object.assign(
      new Error("anc-cli tried to access no-such-package (a peer dependency) but it isn't provided"),
      { code: 'MODULE_NOT_FOUND', pnpCode: 'MISSING_PEER_DEPENDENCY' },
    );
    await expect(importOptional(optional(() => Promise.reject(error)))).rejects.toMatchObject({
      code: 'ANC_BACKEND_MISSING',
    });
  });

  it('suggests no installation of a package that has no build for this platform', async () => {
    const wanted = { ...optional((name) => Promise.reject(missing(name))), platforms: ['plan9-x64'] };
    const error = await importOptional(wanted).catch((thrown: unknown) => thrown as AncError);
    expect(error).toMatchObject({
      code: 'ANC_BACKEND_MISSING',
      detail: { hint: expect.stringMatching(/no build for .*use onnx/) as string },
    });
    expect((error as AncError).detail.install).toBeUndefined();
  });

  it.each([
    [
      'an error of its own',
      new Error('libcudart.so.11.0: cannot open\nmore lines'),
      'libcudart.so.11.0: cannot open',
    ],
    ['a missing package of its own', missing('some-dependency'), "Cannot find package 'some-dependency'"],
  ])('says how to repair a package that is broken by %s', async (_what, cause, received) => {
    const wanted = optional(() => Promise.reject(cause));
    await expect(importOptional(wanted)).rejects.toMatchObject({
      code: 'ANC_BACKEND_BROKEN',
      detail: { hint: 'npm rebuild it', received: expect.stringContaining(received) as string },
    });
  });
});
