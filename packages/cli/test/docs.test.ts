import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { checkOptions, isGiven, methodOptions } from '@anc/pipeline/internal';
import { loadComposition } from '@anc/pipeline/plugins';
import { addFlags, readFlags } from '../src/config/flags.js';
import { readRequest } from '../src/config/read-request.js';
import { resolveRequest } from '../src/config/resolve-request.js';
import { inProcess } from './anc-cli.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const docs = join(root, 'docs');

/** The program's command lines in the shell blocks of a document, continued lines joined. */
function commandsIn(text: string): string[] {
  return [...text.matchAll(/^```sh\n([^]*?)^```/gm)]
    .flatMap(([, block]) => block!.replace(/\\\n\s*/g, '').split('\n'))
    .filter((line) => line.startsWith('npx anc-cli '));
}

/** Words of a command line, quotes taken off. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare!,
  );

const documents = ['backends.md', 'methods.md', 'models.md', 'results.md'].filter((name) =>
  readdirSync(docs).includes(name),
);
const lines = documents.flatMap((name) =>
  commandsIn(readFileSync(join(docs, name), 'utf8')).map((line) => ({ name, line })),
);

describe('the documents', () => {
  it('show commands', () => {
    expect(lines.length).toBeGreaterThan(10);
  });

  it('tell of results what was measured, and nothing else', () => {
    const page = fileURLToPath(new URL('../../../tools/results/page.mjs', import.meta.url));
    expect(() => execFileSync(process.execPath, [page, '--check'], { stdio: 'pipe' })).not.toThrow();
  });

  // A student's file becomes a model of the registry when it is read.
  const ofFiles = /--student "?[^ ]*\.onnx/;
  const trainings = lines.filter(
    ({ line }) => /^npx anc-cli (run|compare|tune) /.test(line) && !ofFiles.test(line),
  );
  it.each(trainings)('$name: $line is a request that can be met', async ({ line }) => {
    const command = addFlags(new Command().exitOverride());
    for (const own of ['seeds', 'learning-rates', 'temperatures', 'budget', 'confirm']) {
      command.option(`--${own} <value>`);
    }
    command.parse(wordsOf(line).slice(3), { from: 'user' });
    const flags = readFlags(command.opts());
    const { options: all } = resolveRequest(await readRequest(flags, '/'));
    const composition = await loadComposition(all.plugins, root);
    await checkOptions(all, composition, isGiven(all.teacher.model));
    for (const named of all.methods) {
      const options = methodOptions(named, all, composition);
      await composition.registries.methods.check({ name: named.name, options });
    }
  });

  const questions = lines.filter(({ line }) =>
    /^npx anc-cli (describe|list|reproduce .*--dry-run)/.test(line),
  );
  it.each(questions)('$name: $line answers', async ({ line }) => {
    const { code, stdout } = await inProcess(wordsOf(line).slice(2), root);
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(100);
  });
});
