/**
 * A Vite plugin that imports what a package exports from the file that defines it: `import { AncError } from '@anc/core'`
 * loads one file and not all of core, which takes longer than the tests.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const IMPORT = /import \{([^}]+)\} from '(@anc\/[\w/-]+)';/g;
const EXPORT = /export \{([^}]+)\} from '(\.[^']+)\.js';/g;

/** `a`, `b as c`: names of values in braces; types are erased. */
const valuesIn = (braces) =>
  braces
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !part.startsWith('type '));

const known = new Map();

/** The file that defines each export of an entry such as `@anc/core/internal`. */
function filesOf(entry) {
  if (!known.has(entry)) {
    const [, name, file = 'index'] = entry.split('/');
    const folder = resolve('packages', name, 'src');
    const path = resolve(folder, `${file}.ts`);
    const found = existsSync(path) ? [...readFileSync(path, 'utf8').matchAll(EXPORT)] : [];
    const pairs = found.flatMap(([, braces, from]) =>
      valuesIn(braces).map((value) => [value, resolve(folder, `${from}.ts`)]),
    );
    known.set(entry, new Map(pairs));
  }
  return known.get(entry);
}

export const directImports = {
  name: 'direct-imports',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('.ts') || !code.includes("'@anc/")) return null;
    return code.replaceAll(IMPORT, (whole, braces, entry) => {
      const files = filesOf(entry);
      const values = valuesIn(braces);
      // On one line, and the lines after it stay where they are.
      if (!values.every((value) => files.has(value))) return whole;
      return values.map((value) => `import { ${value} } from '${files.get(value)}';`).join(' ');
    });
  },
};
