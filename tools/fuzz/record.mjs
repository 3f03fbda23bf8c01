/** Counts of several calls, for tests that take longer than one: added up for each reader, all of one build. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../packages', import.meta.url));

/** A digest of all compiled files: counts of different readers do not belong into one table. */
function buildDigest() {
  const hash = createHash('sha256');
  for (const name of readdirSync(packages).sort()) {
    const dist = join(packages, name, 'dist');
    if (!existsSync(dist)) continue;
    const files = readdirSync(dist, { recursive: true }).filter((file) => file.endsWith('.js'));
    for (const file of files.sort()) hash.update(file).update(readFileSync(join(dist, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

const NOTHING = { cases: 0, refused: 0, accepted: 0, ended: 0, faults: 0, ms: 0, memory: 0 };
const LARGEST = new Set(['ms', 'memory']);

const added = (one, other) =>
  Object.fromEntries(
    Object.keys(NOTHING).map((key) => [
      key,
      LARGEST.has(key) ? Math.max(one[key], other[key]) : one[key] + other[key],
    ]),
  );

/**
 * Opens the record in a file, or begins one; without a file nothing is kept.
 *
 * @throws if it is of another build.
 */
export function openRecord(path) {
  const build = path === undefined ? '' : buildDigest();
  const readers = {};
  if (path !== undefined && existsSync(path)) {
    const known = JSON.parse(readFileSync(path, 'utf8'));
    if (known.build !== build) throw new Error(`${path} is of another build: remove it to begin again.`);
    Object.assign(readers, known.readers);
  }
  return {
    of: (name) => readers[name] ?? NOTHING,
    add(name, counts) {
      readers[name] = added(this.of(name), counts);
      if (path === undefined) return;
      writeFileSync(`${path}.tmp`, `${JSON.stringify({ build, readers }, null, 2)}\n`);
      renameSync(`${path}.tmp`, path);
    },
  };
}
