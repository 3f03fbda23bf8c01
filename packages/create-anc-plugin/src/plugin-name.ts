import { AncError } from '@anc/core';

/** The names of a plugin. */
export interface PluginNames {
  /** Of the npm package: `anc-plugin-patch`. */
  readonly package: string;
  /** Under which it contributes: `patch`. */
  readonly component: string;
  /** In identifiers: `Patch`. */
  readonly identifier: string;
}

const PREFIX = 'anc-plugin-';
const COMPONENT = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const SCOPE = /^@[a-z0-9][a-z0-9._-]*$/;
/** npm takes no longer names. */
const LONGEST = 214;

/** A text as words of small letters and digits, joined by `-`: what was probably meant. */
const usable = (text: string): string =>
  text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '');

const pascal = (name: string): string =>
  name
    .split('-')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');

/**
 * The names of a plugin that a user calls `patch`, `anc-plugin-patch` or `@scope/anc-plugin-patch`.
 *
 * @throws `ANC_USAGE` for what npm or a flag could not hold, with a name that works.
 */
export function namesOf(given: string): PluginNames {
  const parts = given.split('/');
  const scope = given.startsWith('@') && parts.length === 2 ? parts[0]! : null;
  const rest = scope === null ? given : parts[1]!;
  const component = rest.startsWith(PREFIX) ? rest.slice(PREFIX.length) : rest;
  const name = `${scope === null ? '' : `${scope}/`}${PREFIX}${component}`;
  if (COMPONENT.test(component) && (scope === null || SCOPE.test(scope)) && name.length <= LONGEST)
    return { package: name, component, identifier: pascal(component) };
  const suggested = usable(component).slice(0, 60).replace(/-$/, '');
  throw new AncError('ANC_USAGE', `"${given}" is no name of a plugin.`, {
    expected: `small letters and digits, words joined by "-", a letter first: patch, ${PREFIX}patch, @scope/${PREFIX}patch`,
    received: given === '' ? 'an empty text' : given,
    hint: suggested === '' ? 'choose another name.' : `did you mean "${suggested}"?`,
  });
}
