/**
 * Checks what a lockfile must not lose or gain: it names no download address and no registry host, so it installs from
 * whichever registry the user has; and it holds every optional platform binary, so that `npm ci` accepts it everywhere
 * (npm leaves them out when the registry did not have one at install time).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);
const LOCKFILES = execFileSync('git', ['ls-files', '*package-lock.json'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n');

/** @returns {{ entries: number, problems: string[] }} */
function check(file) {
  const text = readFileSync(new URL(file, root), 'utf8');
  /** @type {Record<string, { link?: boolean, resolved?: string, integrity?: string, optionalDependencies?: object }>} */
  const packages = JSON.parse(text).packages;
  const paths = Object.keys(packages);
  const problems = [];
  for (const [path, entry] of Object.entries(packages)) {
    if (entry.resolved !== undefined && !entry.link)
      problems.push(`${path}: has the address ${entry.resolved}`);
    const fromRegistry = path.includes('node_modules/') && !entry.link && !entry.inBundle;
    if (fromRegistry && entry.integrity === undefined) problems.push(`${path}: has no integrity hash`);
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      if (!paths.some((candidate) => candidate.endsWith(`node_modules/${name}`)))
        problems.push(`${path}: its optional dependency ${name} is missing`);
    }
  }
  // A funding link is an address too, but not one that npm downloads from.
  for (const [, address] of text.matchAll(/"(https?:\/\/[^"]*\.tgz[^"]*)"/g))
    problems.push(`download address ${address}`);
  return { entries: paths.length, problems };
}

process.exitCode = 0;
for (const file of LOCKFILES) {
  const { entries, problems } = check(file);
  for (const problem of problems) console.log(problem);
  console.log(
    problems.length === 0
      ? `${file}: ${entries} entries are complete and address-free`
      : `${file} is not fit to commit`,
  );
  if (problems.length > 0) process.exitCode = 1;
}
