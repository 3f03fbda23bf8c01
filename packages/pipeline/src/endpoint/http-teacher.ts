import { createHash } from 'node:crypto';
import { AncError } from '@anc/core';
import { encodePng } from '@anc/datasets';
import { postBatch, shownUrl, type Answer, type Endpoint } from './post-batch.js';

/** How an HTTP endpoint is asked. */
export interface HttpTeacherOptions {
  /**
   * `png`: JSON `{ "shape": [n, h, w, c], "images": ["<base64 of a PNG>", …] }`; `raw`: bytes [n, h, w, c] as
   * `application/octet-stream`, with the header `x-shape: n,h,w,c`. Default: `png`.
   */
  readonly format?: 'png' | 'raw';
  /** Images of a request at most; default: 32. */
  readonly batchSize?: number;
  /** Headers of every request; default: `authorization: Bearer …` where the environment has `ANC_TEACHER_KEY`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Seconds until a request is given up; default: 60. */
  readonly timeout?: number;
  /** How often a request is repeated after a failure that may pass; default: 4. */
  readonly retries?: number;
  /** Milliseconds before the first repetition, doubled for each further one; default: 500. */
  readonly backoff?: number;
  /** Changes when the model behind the address does: answers of another version are not taken from a cache. */
  readonly version?: string;
  /** Names of the classes, in the order of the logits. */
  readonly classes?: readonly string[];
  /** What the numbers are; default: what the answer names them, or what they look like. */
  readonly outputs?: 'logits' | 'probabilities';
  /** Aborts waiting requests. */
  readonly signal?: AbortSignal;
}

/** Images as bytes [B, H, W, C]. */
interface Images {
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
  readonly data: Uint8Array;
}

/** A teacher behind an HTTP endpoint, to be passed as `teacher`. */
export interface HttpTeacher {
  (images: Images): Promise<readonly (readonly number[])[]>;
  /** Names the model in caches: the address with a digest of its query, which may hold a key, and the version. */
  id: string;
  /** Names of the classes, in the order of the logits. */
  classes?: readonly string[];
  /** What the numbers are; known once the endpoint has answered. */
  outputs?: 'logits' | 'probabilities';
}

/** Bytes of answers that are kept in memory: an image is sent once. */
const MOST_KEPT = 256 * 2 ** 20;

/**
 * A classifier behind an HTTP endpoint as a teacher. Images are posted in batches; the answer is JSON `{ "logits": [[…], …] }`
 * or `{ "probabilities": [[…], …] }`, an array of rows, or float32 [n, classes] as `application/octet-stream`. An image is
 * sent once: answers are kept by the digest of its bytes, and with a cache on disk from one run to the next.
 *
 * @throws `ANC_CONFIG` where the address is none or holds a password; when it is called, `ANC_TEACHER_ENDPOINT` where the endpoint refuses, fails
 * in every attempt, or answers something else
 */
export function httpTeacher(url: string, options: HttpTeacherOptions = {}): HttpTeacher {
  if (/^[^/?#]*\/\/[^/?#]*@/.test(url)) {
    throw new AncError('ANC_CONFIG', "a teacher's address holds a name or a password.", {
      expected: 'an address without them: it is recorded',
      received: 'one with "@" in front of the host',
      hint: 'set ANC_TEACHER_KEY, which is sent as `authorization: Bearer …`; in the library, set `headers`.',
    });
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new AncError('ANC_CONFIG', 'this is no address of a teacher.', {
      expected: 'an address that starts with http: or https:',
      received: url,
    });
  }
  const { format = 'png', batchSize = 32, timeout = 60, retries = 4, backoff = 500 } = options;
  const { headers = keyHeader(), version, classes, outputs, signal } = options;
  const endpoint: Endpoint = { url, headers, timeout, retries, backoff, ...(signal && { signal }) };
  const kept = new Map<string, readonly number[]>();
  let bytes = 0;

  async function ask(
    images: readonly Uint8Array[],
    shape: readonly number[],
  ): Promise<readonly (readonly number[])[]> {
    const full = [images.length, ...shape];
    const answer = await (format === 'raw'
      ? postBatch(
          endpoint,
          'application/octet-stream',
          { 'x-shape': full.join(), accept: ACCEPTED },
          joined(images),
        )
      : postBatch(endpoint, 'application/json', { accept: ACCEPTED }, pngs(images, full)));
    const { rows, meaning } = rowsOf(answer, images.length, url);
    if (meaning !== null) made.outputs ??= meaning;
    return rows;
  }

  const teacher = async ({ shape, data }: Images): Promise<readonly (readonly number[])[]> => {
    const [count, ...image] = shape;
    const size = data.length / count;
    const all = Array.from({ length: count }, (_, i) => data.subarray(i * size, (i + 1) * size));
    const digests = all.map((one) => createHash('sha256').update(image.join()).update(one).digest('base64'));
    const found = new Map(
      digests.flatMap((digest) => (kept.has(digest) ? [[digest, kept.get(digest)!]] : [])),
    );
    const missing = [...new Set(digests)].filter((digest) => !found.has(digest));
    for (let start = 0; start < missing.length; start += batchSize) {
      const some = missing.slice(start, start + batchSize);
      const rows = await ask(
        some.map((digest) => all[digests.indexOf(digest)]!),
        image,
      );
      for (const [i, digest] of some.entries()) {
        found.set(digest, rows[i]!);
        if (bytes > MOST_KEPT) continue;
        kept.set(digest, rows[i]!);
        bytes += 8 * rows[i]!.length + 100;
      }
    }
    return digests.map((digest) => found.get(digest)!);
  };
  const made: HttpTeacher = Object.assign(teacher, {
    id: `${shownUrl(url)}${queryDigest(url)}${version === undefined ? '' : `@${version}`}`,
    ...(classes && { classes }),
    ...(outputs && { outputs }),
  });
  MADE.add(made);
  return made;
}

/** Teachers behind addresses. */
const MADE = new WeakSet<object>();

/** Whether a teacher is behind an address, whose answers may differ in their last digits from one day to the next. */
export const isHttpTeacher = (value: object): boolean => MADE.has(value);

const ACCEPTED = 'application/json, application/octet-stream';

/** `?` and the beginning of the SHA-256 of an address's query, which may name the model; nothing where it has none. */
function queryDigest(url: string): string {
  const { search } = new URL(url);
  return search === '' ? '' : `?${createHash('sha256').update(search).digest('hex').slice(0, 12)}`;
}

function keyHeader(): Record<string, string> {
  const key = process.env['ANC_TEACHER_KEY'];
  return key === undefined || key === '' ? {} : { authorization: `Bearer ${key}` };
}

function joined(images: readonly Uint8Array[]): Uint8Array {
  const size = images[0]!.length;
  const out = new Uint8Array(images.length * size);
  images.forEach((one, i) => out.set(one, i * size));
  return out;
}

const pngs = (images: readonly Uint8Array[], shape: readonly number[]): string => {
  const [, height = 0, width = 0, channels = 0] = shape;
  return JSON.stringify({
    shape,
    images: images.map((one) => Buffer.from(encodePng(one, [height, width, channels])).toString('base64')),
  });
};

interface Rows {
  readonly rows: readonly (readonly number[])[];
  /** As the answer names them; null where it does not. */
  readonly meaning: 'logits' | 'probabilities' | null;
}

/** A row of numbers for each image. Throws `ANC_TEACHER_ENDPOINT`. */
function rowsOf({ type, body }: Answer, count: number, url: string): Rows {
  const { rows, meaning } = type.includes('octet-stream')
    ? { rows: floatRows(body, count), meaning: null }
    : jsonRows(body);
  const isEven =
    rows !== null &&
    rows.length === count &&
    rows.every((row) => Array.isArray(row) && row.length > 0 && row.length === rows[0]!.length) &&
    rows.every((row) => row.every((value) => typeof value === 'number' && Number.isFinite(value)));
  if (isEven) return { rows, meaning };
  throw new AncError('ANC_TEACHER_ENDPOINT', `the teacher at ${shownUrl(url)} answers something else.`, {
    expected: `{ "logits": [[…], …] } with ${count} rows of as many numbers, or float32 [${count}, classes]`,
    received: `${type}: ${new TextDecoder().decode(body.subarray(0, 200))}`,
    hint: 'docs/teacher.md describes what is sent and what is expected.',
  });
}

function floatRows(body: Uint8Array, count: number): number[][] | null {
  const width = body.length / 4 / count;
  if (!Number.isInteger(width) || width < 1) return null;
  const values = new Float32Array(body.slice().buffer);
  return Array.from({ length: count }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
}

function jsonRows(body: Uint8Array): { rows: Rows['rows'] | null; meaning: Rows['meaning'] } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return { rows: null, meaning: null };
  }
  if (Array.isArray(value)) return { rows: value as number[][], meaning: null };
  const { logits, probabilities } = (value ?? {}) as Record<string, unknown>;
  const rows = logits ?? probabilities;
  const meaning = logits === undefined ? 'probabilities' : 'logits';
  return Array.isArray(rows) ? { rows: rows as number[][], meaning } : { rows: null, meaning: null };
}
