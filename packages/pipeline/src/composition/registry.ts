import { AncError } from '@anc/core';
import { setOrigin, Uses, watchingSources } from '@anc/core/internal';
import type { Named } from '../text/named.js';
import { suggestion } from '../text/nearest.js';
import type { EnvironmentOf, Kind, Made, Registration } from './kinds.js';
import { KINDS } from './kinds.js';
import { assertMembers, MAY_WAIT } from './members.js';
import { blaming } from './plugin-fault.js';
import { validateOptions } from './validate-options.js';

/** What happens around a registry. */
export interface RegistryEvents {
  /** Something of a package was made. */
  used?(packageName: string, kind: Kind): void;
  /** A name is not known: what else there is to say, such as that a plugin could not be loaded. Throws what is better known. */
  unknown?(name: string): string | null;
}

/** Kinds that nothing is trained with again from the random seed: their own identifiers may be random. */
const DRAWS: readonly Kind[] = ['hooks', 'backends', 'datasets'];

/** Throws `ANC_PLUGIN` where `create` drew its own random numbers: another call would make another component. */
function assertNothingDrawn(uses: Uses, what: string): void {
  const drawn = [...uses].find(([name]) => name.startsWith('Math.') || name.startsWith('crypto.'));
  if (drawn === undefined) return;
  throw new AncError('ANC_PLUGIN', `${what} draws its own random numbers when it is created.`, {
    expected: 'the same component for the same options',
    received: drawn.join(' at '),
    hint: 'draw initial values from the rng that `init` receives, and noise from context.noise.',
  });
}

/**
 * All contributions of one kind, by name. Where several packages bring the same name, each has the name `package:name`, which
 * every contribution has. A package that was found, and not named by anyone, leaves the name to the others.
 */
export class Registry<K extends Kind> {
  readonly #byName = new Map<string, Registration<K>[]>();
  readonly #qualified = new Map<string, Registration<K>>();

  constructor(
    readonly kind: K,
    registrations: readonly Registration<K>[],
    readonly events: RegistryEvents = {},
  ) {
    for (const registration of registrations) {
      const { name } = registration;
      this.#byName.set(name, [...(this.#byName.get(name) ?? []), registration]);
      this.#qualified.set(qualifiedName(registration), registration);
    }
  }

  /** The names of today, each once, without packages. */
  get names(): string[] {
    return [...this.#byName.keys()].sort();
  }

  /** Everything, by name and package. */
  get all(): Registration<K>[] {
    return this.names.flatMap((name) => this.#byName.get(name)!);
  }

  /** Whether a name, with or without its package, is known. */
  has(name: string): boolean {
    return this.#byName.has(name) || this.#qualified.has(name);
  }

  /**
   * @param name `l2`, or `package:l2`.
   * @throws `ANC_UNKNOWN` that lists what there is and suggests the nearest; `ANC_PLUGIN_DUPLICATE` for a name that several
   *   packages bring.
   */
  get(name: string): Registration<K> {
    const found = this.#meant(name);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) throw this.#ambiguous(name, found);
    const more = this.events.unknown?.(name) ?? null;
    const nearest = suggestion(name, [...this.names, ...this.#qualified.keys()]);
    const hint = [nearest, more].filter((part) => part !== null).join(' ');
    throw new AncError('ANC_UNKNOWN', `no ${KINDS[this.kind]} named "${name}".`, {
      expected:
        this.names.length === 0 ? 'nothing of this kind is registered' : `one of ${this.names.join(', ')}`,
      ...(hint === '' ? {} : { hint }),
    });
  }

  /** The shortest name that means the same: without its package where that is enough. Unknown names stay. */
  canonical(name: string): string {
    const [found, ...others] = this.#meant(name);
    if (found === undefined || others.length > 0) return name;
    const short = this.#meant(found.name);
    return short.length === 1 && short[0] === found ? found.name : qualifiedName(found);
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
    const { contribution, package: from, name: own } = this.get(name);
    this.events.used?.(from, this.kind);
    const create = contribution.create.bind(contribution) as (
      options: unknown,
      environment: EnvironmentOf<K>,
    ) => Made<K>;
    const what = `${KINDS[this.kind]} "${own}" of plugin "${from}"`;
    const uses = new Uses();
    const made: unknown = blaming(what, () =>
      DRAWS.includes(this.kind)
        ? create(checked, environment)
        : watchingSources(uses, 0, () => create(checked, environment)),
    );
    assertNothingDrawn(uses, what);
    const complete = <T>(component: T): T => {
      assertMembers(this.kind, component, what);
      setOrigin(component, what);
      return component;
    };
    if (MAY_WAIT.includes(this.kind) && made instanceof Promise)
      return made.then((component: unknown) => complete(component)) as Made<K>;
    return complete(made) as Made<K>;
  }

  /** Whatever a name may mean: one, none or several. */
  #meant(name: string): readonly Registration<K>[] {
    const all = this.#byName.get(name) ?? [];
    const named = all.filter(({ discovered }) => discovered !== true);
    const candidates = named.length > 0 ? named : all;
    const qualified = candidates.length === 0 ? this.#qualified.get(name) : undefined;
    return qualified === undefined ? candidates : [qualified];
  }

  #ambiguous(name: string, found: readonly Registration<K>[]): AncError {
    const choices = found.map(qualifiedName);
    return new AncError(
      'ANC_PLUGIN_DUPLICATE',
      `${found.length === 2 ? 'two' : found.length} plugins bring a ${KINDS[this.kind]} named "${name}".`,
      {
        expected: `one of ${choices.join(', ')}`,
        received: `"${name}", which ${found.map(({ package: from }) => from).join(' and ')} bring`,
        hint: `write ${choices.join(' or ')}, or leave one of them out of \`plugins\`.`,
      },
    );
  }
}

/** `package:name`, which means one contribution whatever else is registered. */
export const qualifiedName = ({
  package: from,
  name,
}: {
  readonly package: string;
  readonly name: string;
}): string => `${from}:${name}`;
