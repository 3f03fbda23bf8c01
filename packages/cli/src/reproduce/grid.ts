import { AncError } from '@anc/core';
import type { Composition } from '../composition/compose.js';
import { flagName } from '../config/flags.js';
import { describeNamed, parseNamed } from '../config/named.js';
import { resolveRequest, type ConfigRequest } from '../config/resolve.js';
import { methodOptions } from '../run/method-options.js';
import { anchored } from '../run/start.js';
import { methodsOf, type PaperGroup, type PaperTable } from './tables.js';

/** One comparison of a table: its rows, its options, its place. */
export interface PlannedGroup {
  readonly group: PaperGroup;
  /** Its folder's name: dataset and student. */
  readonly name: string;
  readonly request: ConfigRequest;
}

export interface GridOptions {
  /** Share of the paper's epochs. */
  readonly scale: number;
  readonly cwd: string;
}

/** What a table decides itself. */
const DECIDED = ['dataset', 'methods', 'out', 'name'];

/** The comparisons that a table needs, by the paper's recipe, cut to `scale`. Throws `ANC_CONFIG`. */
export async function gridOf(
  { groups }: PaperTable,
  flags: Record<string, unknown>,
  { scale, cwd }: GridOptions,
): Promise<PlannedGroup[]> {
  const decided = DECIDED.slice(0, 2).find((key) => flags[key] !== undefined);
  if (decided !== undefined) {
    throw new AncError('ANC_CONFIG', `${flagName(decided)}: the table says that itself.`, {
      hint: 'use `anc-cli compare` for a comparison of your own.',
    });
  }
  return await Promise.all(groups.map((group) => plannedGroup(group, flags, scale, cwd)));
}

async function plannedGroup(
  group: PaperGroup,
  flags: Record<string, unknown>,
  scale: number,
  cwd: string,
): Promise<PlannedGroup> {
  const { dataset, teacher, student } = group;
  const asked = { preset: 'paper', teacher, student, ...flags, dataset, methods: methodsOf(group) };
  const full = await resolveRequest(asked, cwd);
  const epochs = Math.max(1, Math.round(full.config.epochs * scale));
  const scaled =
    scale === 1 || flags.epochs !== undefined ? full : await resolveRequest({ ...asked, epochs }, cwd);
  return {
    group,
    name: `${dataset}-${scaled.config.student.name}`,
    request: { ...scaled, config: anchored(scaled.config, cwd) },
  };
}

/** Checks every name and every method's options of a grid. Throws `ANC_UNKNOWN` or `ANC_OPTIONS`. */
export async function checkGrid(grid: readonly PlannedGroup[], composition: Composition): Promise<void> {
  const { registries } = composition;
  for (const { request } of grid) {
    const { config } = request;
    registries.datasets.get(config.dataset.name);
    for (const named of [config.teacher, config.student]) registries.models.get(named.name);
    for (const named of config.methods) {
      await registries.methods.check({
        name: named.name,
        options: methodOptions(named, config, composition),
      });
    }
  }
}

/** Where a row's method stands in its comparison; -1 for the teacher and for what is not run. */
export function indexOf({ request }: PlannedGroup, text: string): number {
  const wanted = describeNamed(parseNamed(text)!);
  return request.config.methods.findIndex((named) => describeNamed(named) === wanted);
}
