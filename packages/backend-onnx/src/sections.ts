import {
  cutAtRankMeans,
  METRICS_OUTPUT,
  type ElementType,
  type NamedValue,
  type TracedStep,
} from '@anc/compiler';
import { sizeOf, type RankMeans } from '@anc/core';
import type { EngineClient } from './engine/client.js';
import type { HeldOutput, SectionPlan, SerializedTensors, StepPlan } from './engine/protocol.js';
import { serialize } from './serialize/serialize.js';
import { nodesForProcessor } from './providers.js';

/** Whether a step runs section by section. */
export const isSections = (plan: StepPlan | readonly SectionPlan[]): plan is readonly SectionPlan[] =>
  Array.isArray(plan);

/** Loads a step that takes means over ranks: a session for each section between them. */
export async function loadSections(
  engine: EngineClient,
  { graph, metrics, target }: TracedStep,
  outputs: readonly NamedValue[],
): Promise<{ readonly sessions: readonly number[]; readonly plan: readonly SectionPlan[] }> {
  const sections = cutAtRankMeans(graph, outputs);
  const plan: SectionPlan[] = [];
  const buffers = new Buffers();
  const heldIn = new Map<string, HeldOutput>();
  for (const [i, section] of sections.entries()) {
    const session = engine.handle();
    const model = serialize(section.graph, section.outputs);
    await engine.createSession(session, model, {
      forProcessor: nodesForProcessor(section.graph.nodes),
      isSection: true,
      isFinal: target.channelBlock !== null,
    });
    const inputs = [...section.graph.inputs.keys()];
    const names = section.outputs.map(({ name }) => name);
    const under = (prefix: string, all: readonly string[]): string[] =>
      all.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    const holds = section.outputs.flatMap(({ name, value: { type, shape } }) =>
      section.holds.includes(name) ? [{ name, type, shape, buffer: buffers.take(type, shape) }] : [],
    );
    for (const output of holds) heldIn.set(output.name, output);
    for (const name of section.drops) buffers.free(heldIn.get(name));
    plan.push({
      session,
      feeds: inputs.filter((name) => /^(batch|hyper|noise)\//.test(name)),
      stateInputs: under('state/', inputs),
      changed: under('next/', names),
      metrics: names.includes(METRICS_OUTPUT) ? metrics.length : 0,
      holds,
      reads: section.reads,
      drops: section.drops,
      sends: section.sends,
      receives: sections[i - 1]?.sends ?? [],
      isFirst: i === 0,
      isLast: i === sections.length - 1,
    });
  }
  return { sessions: plan.map(({ session }) => session), plan };
}

/** Assigns buffers to outputs; what is freed is given again to outputs of the same type and size. */
class Buffers {
  readonly #free = new Map<string, number[]>();
  #next = 0;

  take(type: ElementType, shape: readonly number[]): number {
    return this.#free.get(Buffers.#kind(type, shape))?.pop() ?? this.#next++;
  }

  free(output: HeldOutput | undefined): void {
    if (output === undefined) return; // a mean that came from other ranks
    const kind = Buffers.#kind(output.type, output.shape);
    this.#free.set(kind, [...(this.#free.get(kind) ?? []), output.buffer]);
  }

  static #kind(type: ElementType, shape: readonly number[]): string {
    return `${type} ${sizeOf(shape)}`;
  }
}

/** Runs the sections of a step in order, with an exchange of what each sends before the next one. */
export async function runSections(
  engine: EngineClient,
  sections: readonly SectionPlan[],
  state: number,
  accumulator: number,
  feeds: SerializedTensors,
  means: RankMeans | undefined,
): Promise<void> {
  let received: Float32Array | null = null;
  for (const section of sections) {
    const own = Object.fromEntries(section.feeds.map((name) => [name, feeds[name]!]));
    const sent: Float32Array = await engine.runSection(state, accumulator, section, own, received);
    received = section.sends.length === 0 || means === undefined ? sent : await means.mean(sent);
  }
}
