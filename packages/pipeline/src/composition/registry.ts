import { AncError } from '@anc/core';
import { setOrigin } from '@anc/core/internal';
import type { Named } from '../text/named.js';
import { suggestion } from '../text/nearest.js';
import type { EnvironmentOf, Kind, Made, Registration } from './kinds.js';
import { KINDS } from './kinds.js';
import { assertMembers, MAY_WAIT } from './members.js';
import { blaming } from './plugin-fault.js';
import { validateOptions } from './validate-options.js';

/** All contributions of one kind, by name. */
export class Registry<K extends Kind> {
  readonly #byName = new Map<string, Registration<K>>();

  /** Throws `ANC_PLUGIN_DUPLICATE` where two packages bring the same name. */
  constructor(
    readonly kind: K,
    registrations: readonly Registration<K>[],
  ) {
    for (const registration of registrations) {
      const before = this.#byName.get(registration.name);
      if (before !== undefined) {
        throw new AncError(
          'ANC_PLUGIN_DUPLICATE',
          `two plugins bring a ${KINDS[kind]} named "${registration.name}".`,
          {
            received: `${before.package} and ${registration.package}`,
            hint: 'leave one of them out of `plugins`.',
          },
        );
      }
      this.#byName.set(registration.name, registration);
    }
  }

  get names(): string[] {
    return [...this.#byName.keys()].sort();
  }

  get all(): Registration<K>[] {
    return this.names.map((name) => this.#byName.get(name)!);
  }

  /** Throws `ANC_UNKNOWN` that lists what there is and suggests the nearest. */
  get(name: string): Registration<K> {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    const hint = suggestion(name, this.names);
    throw new AncError('ANC_UNKNOWN', `no ${KINDS[this.kind]} named "${name}".`, {
      expected:
        this.names.length === 0 ? 'nothing of this kind is registered' : `one of ${this.names.join(', ')}`,
      ...(hint === null ? {} : { hint }),
    });
  }

  /** Makes one, its options checked. Throws `ANC_UNKNOWN` or `ANC_OPTIONS`. */
  async create({ name, options }: Named, environment: EnvironmentOf<K>): Promise<Awaited<Made<K>>> {
    return await this.build(name, await this.check({ name, options }), environment);
  }

  /** The options, checked and completed with defaults. Throws `ANC_UNKNOWN` or `ANC_OPTIONS`. */
  async check({ name, options }: Named): Promise<unknown> {
    const { contribution } = this.get(name);
    return await validateOptions(contribution.options, options, `${KINDS[this.kind]} "${name}"`);
  }

  /**
   * Makes one from options that `check` returned, for whose errors its plugin is named. Throws `ANC_PLUGIN` where its
   * code fails, or where what it makes is not of its kind; a promise of it rejects.
   */
  build(name: string, checked: unknown, environment: EnvironmentOf<K>): Made<K> {
    const { contribution, package: from } = this.get(name);
    const create = contribution.create.bind(contribution) as (
      options: unknown,
      environment: EnvironmentOf<K>,
    ) => Made<K>;
    const what = `${KINDS[this.kind]} "${name}" of plugin "${from}"`;
    const made: unknown = blaming(what, () => create(checked, environment));
    const complete = <T>(component: T): T => {
      assertMembers(this.kind, component, what);
      setOrigin(component, what);
      return component;
    };
    if (MAY_WAIT.includes(this.kind) && made instanceof Promise)
      return made.then((component: unknown) => complete(component)) as Made<K>;
    return complete(made) as Made<K>;
  }
}
