import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRequest } from '../src/config/read-request.js';
import { resolveRequest } from '../src/config/resolve-request.js';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

let place: Workplace;
beforeEach(async () => {
  place = await workplace();
});
afterEach(() => place.remove());

const run = (...args: string[]) => inProcess(args, place.path);
const options = async () => resolveRequest(await readRequest({}, place.path));

describe('init', () => {
  it('writes YAML that is read, as it is and with every option in it', async () => {
    expect(await run('init')).toMatchObject({ code: 0, stderr: '' });
    expect(await place.files()).toEqual(['anc.config.yaml']);
    expect((await options()).options.preset).toBe('quick');
    const path = join(place.path, 'anc.config.yaml');
    const text = await readFile(path, 'utf8');
    expect(text).toMatch(
      /^# yaml-language-server: \$schema=\.\/node_modules\/anc-cli\/schema\/anc\.config\.schema\.json$/m,
    );
    const whole = text.replaceAll(/^# (\w+: (?:".*"|\[.*\]|true|[\d.]+))$/gm, '$1');
    await writeFile(path, whole);
    const { input } = await readRequest({}, place.path);
    expect(input).toMatchObject({
      training: { epochs: 10 },
      objective: { discriminator: 'mlp(units=[64,64])' },
    });
  });

  it('writes TypeScript', async () => {
    expect(JSON.parse((await run('init', '--format', 'ts', '--json')).stdout)).toMatchObject({
      format: 'ts',
    });
    const text = await readFile(join(place.path, 'anc.config.ts'), 'utf8');
    expect(text).toMatch(/^import \{ defineConfig \} from 'anc-cli';\n/);
    // Read as a user's project would, with the package in reach.
    await writeFile(
      join(place.path, 'anc.config.ts'),
      text.replace(
        "'anc-cli'",
        JSON.stringify(new URL('../src/config/define-config.ts', import.meta.url).pathname),
      ),
    );
    expect((await options()).options.preset).toBe('quick');
  });

  it('overwrites nothing', async () => {
    await writeFile(join(place.path, 'anc.config.json'), '{"$schema":"x","epochs":3}');
    const { code, stderr } = await run('init');
    expect({ code, files: await place.files() }).toEqual({ code: 2, files: ['anc.config.json'] });
    expect(stderr).toContain('nothing is overwritten');
    expect((await options()).options.training.epochs).toBe(3);
  });

  it('suggests a format', async () => {
    const { code, stderr } = await run('init', '--format', 'yml');
    expect({ code, hint: stderr.includes('did you mean "yaml"?') }).toEqual({ code: 2, hint: true });
  });

  it.each([
    [['plugn', 'discriminator', 'patch'], 'did you mean "plugin"?'],
    [['discriminator', 'patch'], 'init plugin <kind> <name>'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await run('init', ...args);
    expect({ code, files: await place.files() }).toEqual({ code: 2, files: [] });
    expect(stderr).toContain(message);
  });
});

describe('init plugin', () => {
  it('writes a package', async () => {
    const { code, stdout } = await run('init', 'plugin', 'data-term', 'smooth', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'data-term',
      package: 'anc-plugin-smooth',
      name: 'smooth',
    });
    expect(await place.files()).toEqual(['anc-plugin-smooth']);
  });

  it.each([
    [['discriminater', 'patch'], 'did you mean "discriminator"?'],
    [['discriminator', 'mlp'], '"mlp" is the name of another discriminator, in @anc/methods'],
    [['optimizer', 'sgd'], '"sgd" is the name of another optimizer, in @anc/'],
    [['discriminator', 'Patch GAN'], 'did you mean "patch-gan"?'],
    [['discriminator'], "missing required argument 'name'"],
    [['discriminator', 'patch', 'more'], 'too many arguments'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await run('init', 'plugin', ...args);
    expect({ code, files: await place.files() }).toEqual({ code: 2, files: [] });
    expect(stderr).toContain(message);
  });
});

describe('completion', () => {
  it('completes commands, options, choices and names in bash', async () => {
    const { code, stdout } = await run('completion', 'bash');
    expect(code).toBe(0);
    await writeFile(join(place.path, 'completion.bash'), stdout);
    const asked = async (...words: string[]): Promise<string[]> => {
      const script =
        'source ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _anc_cli; printf "%s\\n" "${COMPREPLY[@]}"';
      const { stdout: found } = await promisify(execFile)(
        'bash',
        ['-c', script, 'bash', 'anc-cli', ...words],
        {
          cwd: place.path,
        },
      );
      return found.trim().split('\n');
    };
    expect(await asked('')).toEqual(expect.arrayContaining(['run', 'compare', 'init', 'completion']));
    expect(await asked('run', '--discriminator-l')).toEqual(['--discriminator-learning-rate']);
    expect(await asked('run', '--student', 'lenet')).toEqual(['lenet4', 'lenet5']);
    expect(await asked('run', '--epochs', '3', '--adapter', '')).toEqual(['none', 'linear']);
    expect(await asked('data', '')).toEqual(['get', 'info']);
    expect(await asked('data', 'get', 'fashion')).toEqual(['fashion-mnist']);
    expect(await asked('init', 'plugin', 'data-')).toEqual(['data-term']);
    expect(await asked('run', '--config', 'compl')).toEqual(['completion.bash']);
  });

  /** What a shell offers after a command line, where the shell is installed; else null. */
  const offered = async (
    shell: 'zsh' | 'fish',
    asking: (script: string) => string,
  ): Promise<string | null> => {
    const { code, stdout } = await run('completion', shell);
    expect(code).toBe(0);
    for (const command of ['run', 'data get', 'init plugin']) expect(stdout).toContain(command);
    for (const name of ['lenet5', 'fashion-mnist', 'adversarial']) expect(stdout).toContain(name);
    const file = join(place.path, `completion.${shell}`);
    await writeFile(file, stdout);
    const without = shell === 'zsh' ? ['-f'] : ['--no-config'];
    return promisify(execFile)(shell, [...without, '-c', asking(file)], { cwd: place.path }).then(
      ({ stdout: found }) => found,
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      },
    );
  };

  it('completes in fish', async ({ skip }) => {
    const lines = ['', 'run --data', 'run --student lenet', 'data ', 'data get fashion', 'init plugin data-'];
    const found = await offered('fish', (file) =>
      [`source ${file}`, ...lines.map((line) => `echo "> ${line}"; complete -C 'anc-cli ${line}'`)].join(
        '\n',
      ),
    );
    if (found === null) return skip('fish is not installed');
    const [all, flags, students, data, dataset, kind] = found
      .split(/^> .*\n/m)
      .slice(1)
      .map((part) => part.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]!])));
    expect(all).toEqual(expect.arrayContaining(['run', 'compare', 'init', 'completion']));
    expect(flags).toEqual(expect.arrayContaining(['--dataset', '--data-dir', '--data-term']));
    expect([students, data]).toEqual([
      ['lenet4', 'lenet5'],
      ['get', 'info'],
    ]);
    expect([dataset, kind]).toEqual([['fashion-mnist'], ['data-term']]);
  });

  it('completes in zsh', async ({ skip }) => {
    const lines = [[''], ['run', '--data'], ['run', '--student', ''], ['data', ''], ['init', 'plugin', '']];
    const found = await offered('zsh', (file) =>
      [
        'compdef() { :; }; compadd() { shift; print -r -- "$@"; }; _files() { print -r -- FILES; }',
        `source ${file}`,
        ...lines.map(
          (line) => `words=(anc-cli ${line.map((word) => `'${word}'`).join(' ')}); CURRENT=$#words; _anc_cli`,
        ),
      ].join('\n'),
    );
    if (found === null) return skip('zsh is not installed');
    const [all, flags, students, data, kinds] = found.split('\n').map((line) => line.split(' '));
    expect(all).toEqual(expect.arrayContaining(['run', 'compare', 'init', 'completion']));
    expect(flags).toEqual(expect.arrayContaining(['--dataset', '--data-dir', '--data-term']));
    expect(students).toEqual(expect.arrayContaining(['lenet4', 'lenet5']));
    expect([data, kinds]).toEqual([['get', 'info'], expect.arrayContaining(['data-term', 'discriminator'])]);
  });

  it('suggests a shell', async () => {
    const { code, stderr } = await run('completion', 'fisch');
    expect({ code, hint: stderr.includes('did you mean "fish"?') }).toEqual({ code: 2, hint: true });
  });
});
