import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kindOf, namesOf, pluginKinds, runCreate, writePlugin } from '../src/index.js';

vi.mock('node:fs/promises', async (original) => {
  const all = await original<Record<'rename', typeof rename>>();
  return { ...all, rename: vi.fn(all.rename) };
});
const files = await vi.importActual<Record<'rename', typeof rename>>('node:fs/promises');

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'anc-create-'));
});
afterEach(async () => {
  vi.mocked(rename).mockImplementation(files.rename);
  await rm(cwd, { recursive: true, force: true });
});

describe('kindOf', () => {
  it.each([
    ['data-term', 'data-term'],
    ['data term', 'data-term'],
    ['dataTerms', 'data-term'],
    ['Discriminators', 'discriminator'],
  ])('reads %s', (word, kind) => expect(kindOf(word)).toBe(kind));

  it.each([
    ['discriminater', 'did you mean "discriminator"?'],
    ['datset', 'did you mean "dataset"?'],
    ['spaceship', 'choose what the plugin brings.'],
    ['constructor', 'choose what the plugin brings.'],
  ])('refuses %s', (word, hint) => {
    expect(() => kindOf(word)).toThrow(
      expect.objectContaining({ code: 'ANC_UNKNOWN', detail: expect.objectContaining({ hint }) as object }),
    );
  });
});

describe('namesOf', () => {
  it.each([
    ['patch', 'anc-plugin-patch', 'patch', 'Patch'],
    ['anc-plugin-two-words', 'anc-plugin-two-words', 'two-words', 'TwoWords'],
    ['@me/anc-plugin-patch', '@me/anc-plugin-patch', 'patch', 'Patch'],
    ['@me/patch', '@me/anc-plugin-patch', 'patch', 'Patch'],
  ])('reads %s', (given, name, component, identifier) => {
    expect(namesOf(given)).toEqual({ package: name, component, identifier });
  });

  it.each([
    ['My Patch', 'did you mean "my-patch"?'],
    ['patchGan', 'did you mean "patch-gan"?'],
    ['../patch', 'did you mean "patch"?'],
    ['3d', 'did you mean "d"?'],
    ['anc-plugin-', 'choose another name.'],
    ['', 'choose another name.'],
    ['a'.repeat(300), `did you mean "${'a'.repeat(60)}"?`],
  ])('refuses %j', (given, hint) => {
    expect(() => namesOf(given)).toThrow(
      expect.objectContaining({ code: 'ANC_USAGE', detail: expect.objectContaining({ hint }) as object }),
    );
  });
});

describe('writePlugin', () => {
  it.each(pluginKinds)('writes a %s with nothing left open', async (kind) => {
    const written = await writePlugin({ kind, name: 'two-words', cwd });
    expect(written.files).toEqual(
      expect.arrayContaining([
        '.github/workflows/publish.yml',
        '.github/workflows/test.yml',
        '.gitignore',
        'LICENSE',
        'README.md',
        'package.json',
        'src/index.ts',
        'test/plugin.test.ts',
        'tsconfig.json',
      ]),
    );
    for (const file of written.files) {
      const text = await readFile(join(written.folder, file), 'utf8');
      expect(text, file).not.toMatch(/\ba (augmentation|adversarial|optimizer)\b/);
      expect(text, file).not.toMatch(/my-component|MyComponent|ANC_(VERSION|PEERS|KIND|WORD|TRY|YEAR)/);
    }
    const manifest = JSON.parse(await readFile(join(written.folder, 'package.json'), 'utf8')) as {
      peerDependencies: Record<string, string>;
    };
    const source = await readFile(join(written.folder, 'src', 'index.ts'), 'utf8');
    const imported = [...source.matchAll(/(?:from|import|import\() ?'(@?[^'.]+)'/g)].map(([, name]) => name!);
    const peers = [...new Set(imported.filter((name) => name !== 'zod'))].sort();
    expect(Object.keys(manifest.peerDependencies).sort()).toEqual(peers);
    expect(manifest).toMatchObject({
      name: 'anc-plugin-two-words',
      keywords: expect.arrayContaining(['anc-plugin']) as string[],
      publishConfig: { provenance: true },
    });
  });

  it('overwrites nothing, and leaves nothing where it refuses', async () => {
    await mkdir(join(cwd, 'anc-plugin-patch'));
    await writeFile(join(cwd, 'anc-plugin-patch', 'mine.txt'), 'mine');
    await writeFile(join(cwd, 'file'), 'a file');
    for (const folder of ['anc-plugin-patch', 'file']) {
      await expect(writePlugin({ kind: 'hook', name: 'patch', folder, cwd })).rejects.toMatchObject({
        code: 'ANC_EXISTS',
      });
    }
    expect(await readdir(cwd)).toEqual(['anc-plugin-patch', 'file']);
    expect(await readdir(join(cwd, 'anc-plugin-patch'))).toEqual(['mine.txt']);
  });

  it('writes into an empty folder, and into one that does not exist', async () => {
    await mkdir(join(cwd, 'empty'));
    await writePlugin({ kind: 'hook', name: 'log', folder: 'empty', cwd });
    await writePlugin({ kind: 'hook', name: 'log', folder: 'deep/er', cwd });
    expect(await readdir(join(cwd, 'empty'))).toEqual(await readdir(join(cwd, 'deep', 'er')));
    const modeOf = async (...path: string[]): Promise<number> =>
      (await stat(join(cwd, ...path))).mode & 0o777;
    expect(await modeOf('deep', 'er')).toBe(await modeOf('deep')); // readable by others, as any new folder
    expect(await readdir(join(cwd, 'deep'))).toEqual(['er']);
  });

  it('writes into a repository without commits, and into the folder that a shell stands in', async () => {
    await mkdir(join(cwd, '.git'));
    const { ino } = await stat(cwd);
    const { next } = await writePlugin({ kind: 'hook', name: 'log', folder: '.', cwd });
    expect((await stat(cwd)).ino).toBe(ino);
    expect(await readdir(cwd)).toEqual(expect.arrayContaining(['.git', '.gitignore', 'package.json']));
    expect((await readdir(cwd)).filter((name) => name.startsWith('.')).sort()).toEqual([
      '.git',
      '.github',
      '.gitignore',
    ]);
    expect(next[0]).toBe('npm install');
  });

  it('quotes the folder that it says to enter, and refuses an empty path', async () => {
    const { next } = await writePlugin({ kind: 'hook', name: 'log', folder: 'my plugin', cwd });
    expect(next[0]).toBe("cd 'my plugin'");
    await expect(writePlugin({ kind: 'hook', name: 'log', folder: '', cwd })).rejects.toMatchObject({
      code: 'ANC_USAGE',
    });
    expect(await readdir(cwd)).toEqual(['my plugin']);
  });

  it('leaves nothing of it in a folder where it cannot be finished', async () => {
    await mkdir(join(cwd, '.git'));
    vi.mocked(rename).mockImplementation((from, to) =>
      String(to).endsWith('package.json')
        ? Promise.reject(Object.assign(new Error('no space left'), { syscall: 'rename' }))
        : files.rename(from, to),
    );
    await expect(writePlugin({ kind: 'hook', name: 'log', folder: '.', cwd })).rejects.toMatchObject({
      code: 'ANC_DISK',
    });
    expect(vi.mocked(rename).mock.calls.length).toBeGreaterThan(1);
    expect(await readdir(cwd)).toEqual(['.git']);
  });

  it('says in one error where it cannot write', async () => {
    await symlink(join(cwd, 'nowhere', 'at-all'), join(cwd, 'dangling'));
    await expect(writePlugin({ kind: 'hook', name: 'log', folder: 'dangling', cwd })).rejects.toMatchObject({
      code: 'ANC_DISK',
    });
    expect(await readdir(cwd)).toEqual(['dangling']);
  });
});

describe('runCreate', () => {
  const run = async (...args: string[]) => {
    let [stdout, stderr] = ['', ''];
    const code = await runCreate(args, {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
      cwd: () => cwd,
    });
    return { code, stdout, stderr };
  };

  it('writes one document with --json', async () => {
    const { code, stdout, stderr } = await run('hook', 'log', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'hook', name: 'log', package: 'anc-plugin-log' });
  });

  it.each([
    ['optimizer', 'an optimizer'],
    ['data-term', 'a data term'],
  ])('says what a %s is', async (kind, words) => {
    const { stdout } = await run(kind, 'own');
    expect(stdout).toMatch(new RegExp(`^anc-plugin-own: ${words} in `));
  });

  it.each([
    [['hok', 'log'], 'did you mean "hook"?'],
    [['hook', 'My Log'], 'did you mean "my-log"?'],
    [['hook'], "missing required argument 'name'"],
    [[], "missing required argument 'kind'"],
    [['hook', 'log', '--force'], 'unknown option'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    const document = await run(...args, '--json');
    expect(JSON.parse(document.stdout)).toMatchObject({
      error: { code: expect.stringMatching(/^ANC_/) as string },
    });
    expect(await readdir(cwd)).toEqual([]);
  });

  it('shows help', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('data-term') as string,
    });
  });
});
