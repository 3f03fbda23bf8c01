/** Compiles the TypeScript and JavaScript of the documents against the built packages, as a user's project does. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import ts from 'typescript';
import { root } from './entry-points.mjs';

/** In docs/, so that imports are found in node_modules of the repository. */
const FOLDER = `${root}docs/.vitepress/cache/snippets`;

const OPTIONS = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  skipLibCheck: true,
  noUncheckedIndexedAccess: true,
  types: ['node'],
  typeRoots: [`${root}node_modules/@types`],
  outDir: `${FOLDER}/out`,
  rootDir: FOLDER,
};

/** A fresh folder for the blocks of a page. */
export function folderFor(page) {
  const folder = join(FOLDER, basename(page, '.md'));
  mkdirSync(folder, { recursive: true });
  return folder;
}

export const clear = () => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), '{ "type": "module" }');
};

/**
 * Type-checks files and writes their JavaScript.
 * @param {string[]} files
 * @returns {string[]} the errors
 */
export function compile(files) {
  const program = ts.createProgram(files, OPTIONS);
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map((diagnostic) => {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    if (diagnostic.file === undefined) return text;
    const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
    return `${basename(diagnostic.file.fileName)}:${line + 1}: ${text}`;
  });
}

/**
 * Loads plugins in the program and describes everything that they contribute.
 * @param {string[]} files TypeScript files that were compiled
 * @returns {string[]} what failed
 */
export function loadPlugins(files) {
  const built = files.map((file) => file.replace(FOLDER, `${FOLDER}/out`).replace(/\.ts$/, '.js'));
  const run = (...args) => {
    const program = join(root, 'packages/cli/bin/anc-cli.js');
    return spawnSync(process.execPath, [program, ...args, '--plugins', built.join(',')], {
      encoding: 'utf8',
      cwd: FOLDER,
    });
  };
  const { status, stdout, stderr } = run('list', '--json');
  if (status !== 0) return [stderr];
  const listed = Object.values(JSON.parse(stdout)).flat();
  return built.flatMap((file, i) => {
    const [, name] =
      /name: '([^']+)',\n {2}apiVersion/.exec(
        readFileSync(file.replace(/\.js$/, '.js'), 'utf8').replaceAll('    ', '  '),
      ) ?? [];
    const own = listed.filter((entry) => entry.package === name);
    return own.length > 0 ? [] : [`${basename(files[i])}: nothing of plugin ${name} is listed`];
  });
}
