import { AncError, Teacher, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from '../engine/client.js';
import { DERIVED } from './derived-names.js';
import { runInBatches, type BatchSize } from './session.js';

/** What the engine needs to know of a model that it has loaded. */
interface SessionFacts extends BatchSize {
  readonly shown: string;
  readonly hash: string;
  /** [H, W, C] of the images that it takes. */
  readonly images: readonly [number, number, number];
}

/** A frozen network in a session of the engine: bytes in; logits and, if it has them, features out. */
export abstract class SessionTeacher<F extends SessionFacts> extends Teacher {
  readonly name: string;
  readonly hash: string;

  protected constructor(
    readonly engine: EngineClient,
    readonly session: number,
    readonly outputs: Tree<readonly number[]>,
    readonly facts: F,
  ) {
    super();
    this.name = facts.shown;
    this.hash = facts.hash;
  }

  async infer(images: HostTensor, names: readonly string[]): Promise<Tree<HostTensor>> {
    const unknown = names.find((name) => !Object.hasOwn(this.outputs, name));
    if (unknown !== undefined) {
      throw new AncError('ANC_TEACHER_OUTPUT', `teacher "${this.name}" has no output "${unknown}".`, {
        expected: `one of ${Object.keys(this.outputs).join(', ')}`,
      });
    }
    const { facts, outputs } = this;
    const rank = 1 + outputs.logits!.length;
    const results = await runInBatches(this.engine, this.session, images, facts.images, facts, rank);
    return Object.fromEntries(names.map((name) => [name, results[DERIVED[name as 'logits' | 'features']]!]));
  }

  async dispose(): Promise<void> {
    await this.engine.call('releaseSession', this.session);
  }
}
