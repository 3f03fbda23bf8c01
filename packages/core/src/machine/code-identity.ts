/** Packages of a program, as they are installed. */
export interface InstalledPackages {
  /** Those of which every built file counts. */
  readonly own: readonly string[];
  /** Those of which the version counts. */
  readonly others: readonly string[];
  /** Address of a module that finds all of them. */
  readonly from: string;
}

/**
 * A hash of code as it lies on disk: the files of packages, the version of Node and the kind of processor. Null where what runs may be
 * other code: in a browser, where sources are compiled as they are loaded, and where a file was changed after the process began.
 */
export function codeIdentity({ own, others, from }: InstalledPackages): string | null {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return null;
  if (!/\/dist\/[^/]+\.js$/.test(from)) return null;
  const { createRequire } = process.getBuiltinModule('node:module');
  const { createHash } = process.getBuiltinModule('node:crypto');
  const fs = process.getBuiltinModule('node:fs');
  const { dirname, join } = process.getBuiltinModule('node:path');
  const hash = createHash('sha256').update(`${process.version} ${process.arch}\n`);
  const add = (path: string): void => {
    const content = fs.readFileSync(path);
    hash.update(`${content.length}\n`).update(content);
  };
  try {
    const require = createRequire(from);
    const isOld = (path: string): boolean => fs.statSync(path).ctimeMs < performance.timeOrigin;
    for (const name of own) {
      const manifest = require.resolve(`${name}/package.json`);
      const dist = join(dirname(manifest), 'dist');
      const entries = fs.readdirSync(dist).sort();
      const files = entries.filter((file) => file.endsWith('.js')).map((file) => join(dist, file));
      if (entries.includes('plain') || ![manifest, dist, ...files].every(isOld)) return null; // plain: a file for each source
      for (const file of [manifest, ...files]) {
        hash.update(`${file.slice(dirname(manifest).length)}\n`);
        add(file);
      }
    }
    for (const name of others) {
      const manifest = fs.readFileSync(require.resolve(`${name}/package.json`), 'utf8');
      const { version } = JSON.parse(manifest) as { readonly version: string };
      hash.update(`${name}@${version}\n`);
    }
    return hash.digest('hex');
  } catch {
    return null;
  }
}
