import { AncError } from '@anc/core';
import { rankOf, type Part, type Shaped } from './part.js';
import { isAveraged, joined, splitRoles } from './split-roles.js';
import { unwrapped } from './wrappers.js';

/** Dictionaries that training scripts keep beside the weights. */
const NOT_WEIGHTS = /optim|sched|scaler|history|callback|(?:^|[._])(?:amp|rng)(?=$|[._])/i;

/** Names under which training scripts save a model's state dict, the most specific first. */
const USUAL = [
  'state_dict',
  'model_state_dict',
  'model_state',
  'model.state_dict',
  'model',
  'net',
  'network',
  'net_state_dict',
  'weights',
  'params',
  'module',
];
const BODY = /^(?:backbone|encoder|features?|body|trunk|base|base_model)(?:_state_dict)?$/;
const HEAD = /^(?:head|fc|classifier|linear|heads|cls_head)(?:_state_dict)?$/;

/** The part that was chosen, and what a person should know of the choice. */
export interface Chosen<T> {
  readonly part: Part<T>;
  readonly notices: readonly string[];
}

/**
 * Chooses the network among the parts of a weights file: the wanted one; else the only one; else the model rather than
 * averages of its weights (EMA); else the one under the most usual name. A backbone and a head saved as two dictionaries
 * are one network.
 * @param wanted name of a part, or of a prefix in it
 * @throws `ANC_WEIGHTS` if no part has the wanted name, or nothing tells which of several is meant; null if there is none
 */
export function choosePart<T extends Shaped>(found: readonly Part<T>[], wanted?: string): Chosen<T> | null {
  const parts = found.flatMap(splitRoles).filter(({ name }) => !NOT_WEIGHTS.test(name));
  if (wanted !== undefined) return { part: named(wanted, found, parts), notices: [] };
  const both = merged(parts);
  if (both !== null) return { part: both, notices: [] };
  const rank = Math.max(-1, ...parts.map(rankOf));
  const ranked = parts.filter((part) => rankOf(part) === rank);
  const withNames = ranked.filter(({ tensors }) => !isList(tensors));
  const networks = withNames.length > 0 ? withNames : ranked;
  const [first] = networks;
  if (first === undefined) return null;
  if (networks.length === 1) return { part: first, notices: [] };
  const own = networks.filter(({ name }) => !isAveraged(name));
  const part = own.length === 1 ? own[0]! : usual(own);
  if (part === null) throw ambiguous(networks);
  const others = networks.filter((each) => each !== part);
  return { part, notices: others.length === 0 ? [] : [noticeOf(part, others)] };
}

const shown = ({ name, tensors }: Part<unknown>): string =>
  name === '' ? `the tensors at its root (${[...tensors.keys()].slice(0, 2).join(', ')}, …)` : `"${name}"`;

const howTo = (name: string): string =>
  `"file.pth(stateDict=${name})" in place of the file, or --state-dict ${name} with import`;

/** Whether the tensors are those of a list, which has no names. */
const isList = (tensors: ReadonlyMap<string, unknown>): boolean =>
  [...tensors.keys()].every((name) => /^\d+\.(?:weight|bias)$/.test(name));

function noticeOf<T>(part: Part<T>, others: readonly Part<T>[]): string {
  const averages = others.every(({ name }) => isAveraged(name)) ? ' (averages of the weights)' : '';
  const named = others.find(({ name, tensors }) => name !== '' && !isList(tensors));
  return (
    `the file holds several sets of weights. Used: ${shown(part)}; not used: ${others.slice(0, 8).map(shown).join(', ')}${others.length > 8 ? ', …' : ''}` +
    `${averages}${named === undefined ? '' : `; to choose: ${howTo(named.name)}`}.`
  );
}

function usual<T>(parts: readonly Part<T>[]): Part<T> | null {
  const name = USUAL.find((each) => parts.some((part) => part.name === each));
  return parts.find((part) => part.name === name) ?? null;
}

/** A backbone and a head, each in a dictionary of its own. */
function merged<T extends Shaped>(parts: readonly Part<T>[]): Part<T> | null {
  const body = parts.find((part) => BODY.test(part.name) && rankOf(part) === 4);
  const head = parts.find((part) => HEAD.test(part.name) && rankOf(part) === 2);
  if (body === undefined || head === undefined) return null;
  if (parts.some((part) => part !== body && rankOf(part) === 4)) return null;
  const prefixed = ({ name, tensors }: Part<T>): [string, T][] =>
    [...tensors].map(([own, tensor]) => [joined(name.replace(/_state_dict$/, ''), own), tensor]);
  return {
    name: `${body.name} + ${head.name}`,
    tensors: new Map([...prefixed(body), ...prefixed(head)]),
  };
}

function named<T>(wanted: string, found: readonly Part<T>[], parts: readonly Part<T>[]): Part<T> {
  const exact = parts.find(({ name }) => name === wanted);
  if (exact !== undefined) return exact;
  const ending = parts.filter(({ name }) => name.endsWith(`.${wanted}`));
  if (ending.length === 1) return ending[0]!;
  for (const { name, tensors } of found) {
    const prefix = `${wanted.startsWith(`${name}.`) ? wanted.slice(name.length + 1) : wanted}.`;
    const under = [...tensors].filter(([own]) => own.startsWith(prefix));
    const pairs = under.map(([own, tensor]): [string, T] => [own.slice(prefix.length), tensor]);
    if (pairs.length > 0)
      return { name: joined(name, prefix.slice(0, -1)), tensors: unwrapped(new Map(pairs)) };
  }
  throw new AncError('ANC_WEIGHTS', `the file has no state dict "${wanted}".`, {
    expected: namesOf(parts),
    received: wanted,
    hint: 'name a dictionary in the file, or a prefix of its tensors.',
  });
}

const namesOf = (parts: readonly Part<unknown>[]): string => {
  const names = parts.flatMap(({ name }) => (name === '' ? [] : [name]));
  return names.length === 0
    ? 'no name: the file has a single set of tensors'
    : `one of ${names.slice(0, 8).join(', ')}`;
};

const ambiguous = (networks: readonly Part<unknown>[]): AncError =>
  new AncError('ANC_WEIGHTS', 'the file holds several networks, and nothing tells which one is meant.', {
    expected: namesOf(networks),
    received: networks
      .slice(0, 8)
      .map((part) => `${shown(part)} with ${part.tensors.size} tensors`)
      .join(', '),
    hint: `choose one: ${howTo(networks.find(({ name }) => name !== '')?.name ?? '<name>')}.`,
  });
