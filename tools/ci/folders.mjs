/**
 * Checks that the folders of every package form layers: in `packages/<name>/src` no two folders import each other,
 * neither directly nor through a chain of others. Type-only imports count, and so do imports of an `index.ts`; tests
 * (`*.test.ts`) do not.
 *
 * Three rules, at every level of the tree:
 * - beside the subfolders of a folder, the files that lie directly in it are one layer of their own;
 * - at the top of `src`, the package's entries (the files that `exports` and `bin` of package.json name) are a layer
 *   above all others: they may import everything, and nothing imports them;
 * - an import from deep inside one folder into another counts for the folders where the two paths part.
 *
 *   node tools/ci/folders.mjs              every package
 *   node tools/ci/folders.mjs core cli     these packages
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const PACKAGES = fileURLToPath(new URL('../../packages', import.meta.url));
const ENTRIES = '(entries)';
const FILES = '(files)';

/** @typedef {{ from: string, to: string }} Import one file imports another, both relative to src */

/** Paths of the sources of a package, relative to `src`, without tests. */
const sourcesOf = (src) =>
  readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name.endsWith('.ts') && !file.name.endsWith('.test.ts'))
    .map((file) => relative(src, join(file.parentPath, file.name)).replaceAll('\\', '/'));

/** Every string in package.json's `exports` and `bin`, conditions of any depth included. */
const stringsIn = (value) =>
  typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap(stringsIn);

/** The sources that package.json publishes, relative to `src`. */
function entriesOf(folder) {
  const { exports, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const paths = stringsIn([exports, bin]).flatMap((path) => {
    const [, name] = /^(?:\.\/)?(?:src|dist)\/(.*?)(?:\.d)?\.(?:ts|js)$/.exec(path) ?? [];
    return name === undefined ? [] : [`${name}.ts`];
  });
  return new Set(paths.filter((path) => !path.includes('/')));
}

/** Every module that a source names: static and type-only imports, re-exports, `import()` and `import('…').Type`. */
function specifiersIn(text) {
  const found = [];
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) found.push(node.moduleSpecifier);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      found.push(node.arguments[0]);
    else if (ts.isImportTypeNode(node)) found.push(node.argument.literal);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('', text, ts.ScriptTarget.Latest));
  return found.filter((node) => node !== undefined && ts.isStringLiteralLike(node)).map(({ text }) => text);
}

/**
 * The imports of the sources by each other.
 * @returns {Import[]}
 */
function importsOf(src, files) {
  const known = new Set(files);
  return files.flatMap((from) =>
    specifiersIn(readFileSync(join(src, from), 'utf8')).flatMap((specifier) => {
      if (!specifier.startsWith('.')) return [];
      const to = join(dirname(from), specifier).replaceAll('\\', '/').replace(/\.js$/, '.ts');
      return known.has(to) ? [{ from, to }] : [];
    }),
  );
}

/**
 * The layer of a file among the children of `folder` ('' is src itself): a subfolder, the folder's own files, or the
 * package's entries.
 */
function layerOf(file, folder, entries) {
  const rest = folder === '' ? file : file.slice(folder.length + 1);
  if (rest.includes('/')) return rest.slice(0, rest.indexOf('/'));
  return entries.has(file) ? ENTRIES : FILES;
}

/**
 * The imports between the layers of one folder, one example for each pair.
 * @returns {Map<string, Map<string, Import>>}
 */
function graphOf(folder, imports, entries) {
  const graph = new Map();
  const inside = (file) => folder === '' || file.startsWith(`${folder}/`);
  for (const { from, to } of imports) {
    if (!inside(from) || !inside(to)) continue;
    const [a, b] = [layerOf(from, folder, entries), layerOf(to, folder, entries)];
    if (a === b) continue;
    if (!graph.has(a)) graph.set(a, new Map());
    if (!graph.get(a).has(b)) graph.get(a).set(b, { from, to });
  }
  return graph;
}

/** A shortest way from one layer to another along the imports, or null. */
function pathBetween(graph, start, end) {
  const before = new Map([[start, null]]);
  for (const layer of before.keys()) {
    if (layer === end) {
      const path = [];
      for (let at = end; at !== null; at = before.get(at)) path.unshift(at);
      return path;
    }
    for (const next of graph.get(layer)?.keys() ?? []) if (!before.has(next)) before.set(next, layer);
  }
  return null;
}

/**
 * The cycles to report: every pair of layers that import each other; where there is none, the shortest cycle through
 * each layer that has one.
 */
function cyclesOf(graph) {
  const cycles = new Map();
  for (const [layer, targets] of graph) {
    const ways = [...targets.keys()].map((next) => pathBetween(graph, next, layer)).filter(Boolean);
    ways.sort((a, b) => a.length - b.length);
    for (const way of ways.filter(({ length }, i) => i === 0 || length === 2)) {
      cycles.set([...way].sort().join(), [layer, ...way]);
    }
  }
  const found = [...cycles.values()];
  const pairs = found.filter(({ length }) => length === 3);
  return pairs.length > 0 ? pairs : found;
}

/** Messages for every cycle among a package's folders. */
function problemsOf(name) {
  const src = join(PACKAGES, name, 'src');
  const entries = entriesOf(join(PACKAGES, name));
  const files = sourcesOf(src);
  const imports = importsOf(src, files);
  const folders = ['', ...new Set(files.flatMap(foldersAbove))];
  return folders.flatMap((folder) => {
    const graph = graphOf(folder, imports, entries);
    const where = ['packages', name, 'src', folder].filter(Boolean).join('/');
    return cyclesOf(graph).map((cycle) => {
      const steps = cycle.slice(1).map((to, i) => {
        const example = graph.get(cycle[i]).get(to);
        return `    ${cycle[i]} -> ${to}: ${example.from} imports ${example.to}`;
      });
      return [`${where}: ${cycle.join(' -> ')}`, ...steps].join('\n');
    });
  });
}

/** 'a/b/c.ts' -> ['a', 'a/b']. */
const foldersAbove = (file) => {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
};

const wanted = process.argv.slice(2);
const names = readdirSync(PACKAGES).filter((name) => existsSync(join(PACKAGES, name, 'src')));
const unknown = wanted.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`no package "${unknown}". There are: ${names.join(', ')}.`);

let cycles = 0;
for (const name of wanted.length > 0 ? wanted : names) {
  const problems = problemsOf(name);
  cycles += problems.length;
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const problem of problems) console.log(problem.replace(/^/gm, '     '));
}
if (cycles > 0) {
  console.log(
    `\n${cycles} cycles: move what both sides need into a folder below them, or the file that looks back.`,
  );
}
process.exitCode = cycles === 0 ? 0 : 1;
