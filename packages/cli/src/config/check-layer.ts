import { AncError } from '@anc/core';
import type { z } from 'zod';
import { suggestion } from '../nearest.js';
import { issueSentence } from './issue-sentence.js';
import { configSchema, type PartialConfig } from './schema.js';

/** Where options were written: says of each of them where exactly. */
export interface Origin {
  /** e.g. `--epochs`, or `anc.config.yaml:3:5: "epochs"`. */
  place(path: readonly PropertyKey[], unknownKey?: string): string;
  /** The options that may stand there. */
  readonly keys: readonly string[];
}

/** Checks one layer of options. Throws `ANC_CONFIG` with the first problem, where it is, and what was meant. */
export function checkLayer(raw: unknown, origin: Origin): PartialConfig {
  const stray = isRecord(raw) ? Object.keys(raw).find((key) => !origin.keys.includes(key)) : undefined;
  if (stray !== undefined) throw unknownOption(stray, origin);
  const result = configSchema.safeParse(raw);
  if (result.success) return result.data;
  throw problem(result.error.issues[0]!, raw, origin);
}

function unknownOption(key: string, origin: Origin): AncError {
  const hint = suggestion(key, origin.keys);
  return new AncError('ANC_CONFIG', `${origin.place([], key)}: there is no such option.`, {
    hint: hint ?? 'see `anc-cli run --help` for all of them.',
  });
}

function problem(issue: z.core.$ZodIssue, raw: unknown, origin: Origin): AncError {
  const received = issue.path.reduce<unknown>(
    (value, key) =>
      isRecord(value) || Array.isArray(value) ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    raw,
  );
  const choices = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const hint = typeof received === 'string' ? (hintOf(issue) ?? suggestion(received, choices)) : null;
  return new AncError('ANC_CONFIG', `${origin.place(issue.path)}: ${issueSentence(issue)}.`, {
    received: received === undefined ? 'nothing' : JSON.stringify(received),
    ...(hint === null ? {} : { hint }),
  });
}

/** What to do about a text that our own readers refuse. */
function hintOf(issue: z.core.$ZodIssue): string | null {
  const hint: unknown = issue.code === 'custom' ? issue.params?.hint : undefined;
  return typeof hint === 'string' ? hint : null;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
