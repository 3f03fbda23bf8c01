import { afterEach, describe, expect, it, vi } from 'vitest';
import { installable, platformName } from './platform.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const nodeOn = (platform: string, arch: string, header: object): unknown =>
  vi.stubGlobal('process', {
    platform,
    arch,
    versions: { node: '20.19.0' },
    report: { getReport: () => ({ header }) },
  });

describe('platformName', () => {
  it.each([
    ['linux', 'x64', { glibcVersionRuntime: '2.36' }, 'linux-x64'],
    ['linux', 'arm64', {}, 'linux-arm64-musl'],
    ['darwin', 'arm64', {}, 'darwin-arm64'],
    ['win32', 'x64', {}, 'win32-x64'],
  ])('of %s on %s with %j is %4$s', (platform, arch, header, name) => {
    nodeOn(platform, arch, header);
    expect(platformName()).toBe(name);
  });

  it('is null in a browser', () => {
    vi.stubGlobal('process', undefined);
    expect(platformName()).toBeNull();
  });
});

describe('installable', () => {
  const native = { name: 'fast-engine', version: '1.2.3', platforms: ['linux-x64'] };

  it('names the version of a package that has a build for the platform', () => {
    expect(installable(native, 'linux-x64')).toBe('fast-engine@1.2.3');
  });

  it.each(['linux-x64-musl', 'darwin-x64', null])('is null on %s', (platform) => {
    expect(installable(native, platform)).toBeNull();
  });
});
