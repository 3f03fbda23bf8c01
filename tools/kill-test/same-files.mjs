/** Whether two folders hold the same, but for what differs between any two runs: times. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Fields of documents that hold durations. */
const TIMES = new Set(['seconds']);
/** Durations in text: `0.3 s`, `2 min 5 s`, `1.2 ms`. */
const DURATION = /\b\d+(?:\.\d+)? ?(?:ms|s|min|h)\b(?: \d+ s\b)?/g;
/** The same in a column of a report. */
const SECONDS = />\d+\.\d</g;
/** Parts of a report that were measured on the clock. */
const MEASURED = /<!--measured-->[^]*?<!--\/measured-->/g;
/** Half-written files, folders that were being made, locks, checkpoints: nothing of it may be left. */
const LEFT = /\.tmp$|\.new\/|\.part$|\.lock\b|\/checkpoints\//;

const filesIn = (folder) =>
  !existsSync(folder)
    ? []
    : readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
        .sort();

function withoutTimes(value) {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, TIMES.has(key) ? null : withoutTimes(field)]),
  );
}

/** Content without times and without the path of the folder that the case is in. */
function comparable(name, bytes, place) {
  if (/\.(?:json|jsonl|html|md|yaml)$/.test(name)) {
    const text = bytes.toString('utf8').replaceAll(place, '<place>').replaceAll(MEASURED, '<measured>');
    const lines = name.endsWith('.jsonl') ? text.trim().split('\n') : [text];
    if (/\.jsonl?$/.test(name))
      return lines.map((line) => JSON.stringify(withoutTimes(JSON.parse(line)))).join('\n');
    return text.replaceAll(DURATION, '<time>').replaceAll(SECONDS, '<time>');
  }
  return createHash('sha256').update(bytes).digest('hex');
}

/** Problems with the lines of `SHA256SUMS`, as `sha256sum -c` finds them. */
function wrongSums(folder, name) {
  const place = join(folder, name, '..');
  const lines = readFileSync(join(folder, name), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, digest, file] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (file === undefined) return [];
    const path = join(place, file);
    if (!existsSync(path)) return [`${name}: ${file} is missing`];
    const same = createHash('sha256').update(readFileSync(path)).digest('hex') === digest;
    return same ? [] : [`${name}: ${file} has another digest`];
  });
}

/**
 * Files that differ from run to run: checksums of documents with times, which are looked at in another way; the times of
 * TensorBoard's events; cached outputs under random names, which every reader verifies, and of which an unfinished file
 * is removed a day later; the lock of a finished download, which nobody waits for; measured latencies.
 */
const OTHERWISE =
  /(?:^|\/)(?:SHA256SUMS|latency\.json|events\.out\.tfevents\.[^/]*|[^/]+\.rows(?:\.part)?|[^/]+\.part\.lock\..*)$/;

/**
 * Differences between two folders, one sentence each. `place` and `otherPlace`: paths that files name.
 */
export function differences(folder, place, other, otherPlace) {
  const [names, otherNames] = [filesIn(folder), filesIn(other)].map((all) =>
    all.filter((name) => !OTHERWISE.test(name)),
  );
  const found = [];
  for (const name of new Set([...names, ...otherNames])) {
    if (LEFT.test(name)) found.push(`left: ${name}`);
    else if (!otherNames.includes(name)) found.push(`missing: ${name}`);
    else if (!names.includes(name)) found.push(`unexpected: ${name}`);
    else if (contentOf(folder, name, place) !== contentOf(other, name, otherPlace))
      found.push(`other: ${name}`);
  }
  for (const name of filesIn(other)) if (name.endsWith('SHA256SUMS')) found.push(...wrongSums(other, name));
  return found;
}

function contentOf(folder, name, place) {
  try {
    return comparable(name, readFileSync(join(folder, name)), place);
  } catch (error) {
    return `cannot be read: ${error.message}`;
  }
}
