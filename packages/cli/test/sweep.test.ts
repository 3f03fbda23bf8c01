import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { inProcess, workplace, type Workplace } from './anc-cli.js';

vi.setConfig({ testTimeout: 240_000 });

let place: Workplace;
beforeAll(async () => {
  place = await workplace();
});
afterAll(() => place.remove());

const tiny = [
  ['--limit-train', '64'],
  ['--limit-test', '20'],
  ['--batch-size', '32'],
  ['--epochs', '1'],
  ['--teacher', 'cnn(widths=[2],features=4)'],
  ['--student', 'cnn(widths=[2],features=4)'],
  ['--methods', 'l2'],
].flat();

describe('anc-cli sweep, worker and --jobs', () => {
  it('makes a folder in which nothing is trained yet, and the files of an engine', async () => {
    const args = ['sweep', 'compare', ...tiny, '--seeds', '1', '--name', 'one', '--to', 'slurm', '--json'];
    const made = await inProcess(args, place.path);
    expect(made).toMatchObject({ code: 0 });
    const folder = join(place.path, 'runs', 'one');
    const script = join(folder, 'sweep', 'job.sbatch');
    expect(JSON.parse(made.stdout)).toEqual({
      folder,
      engine: 'slurm',
      tasks: 1,
      files: [script],
      submit: `cd ${join(folder, 'sweep')} && sbatch job.sbatch`,
      submitted: null,
    });
    expect(await readFile(script, 'utf8')).toContain('#SBATCH --cpus-per-task=1\n');
    expect(await readFile(join(folder, 'compare.yaml'), 'utf8')).toMatch(/threads: 1\n/);
    expect(await readdir(join(folder, 'seed-1'))).not.toContain('teacher');
  });

  it.each([
    [['sweep', 'compare', '--to', 'slrum'], /there is no engine named "slrum"[^]*did you mean "slurm"/],
    [['sweep', 'compare'], /required option '--to <engine>' not specified/],
    [['sweep', 'compare', '--to', 'slurm', '--tasks', '0'], /--tasks: expected a whole number of at least 1/],
    [['sweep', 'compare', '--to', 'slurm', '--memory', '4 GB'], /--memory: expected a number with M or G/],
    [['sweep', 'tune', '--to', 'slurm', '--time-limit', '8h'], /--time-limit: expected hh:mm:ss/],
    [
      ['sweep', 'compare', '--to', 'kubernetes', '--volume', 'My_Claim'],
      /--volume: expected the name of a claim/,
    ],
    [['sweep', 'compare', '--to', 'local', '--methods', 'l3'], /no method named "l3"/],
    [['sweep', 'reproduce', 'table99', '--to', 'local'], /the paper has no table named "table99"/],
    [['worker', 'nowhere'], /"nowhere" has no jobs/],
    [['worker', '.', '--index', 'first'], /--index: expected a whole number, from 0/],
    [['worker', '.', '--epochs', '3'], /unknown option '--epochs'/],
    [['compare', '--jobs', '0'], /--jobs.*expected a whole number from 1 to 1024/],
    [['tune', '--jobs', 'two'], /--jobs.*expected a whole number from 1 to 1024/],
    [['reproduce', 'table6', '--jobs', '1.5'], /--jobs.*expected a whole number from 1 to 1024/],
  ])('refuses %j with one clear error', async (args, message) => {
    const before = await place.files();
    const { code, stderr, stdout } = await inProcess(args, place.path);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(await place.files()).toEqual(before);
  });
});
