import { parse } from 'yaml';
import type { Named } from '../composition/registry.js';

/**
 * Reads `name` or `name(option=value, …)`; values are YAML, so numbers, booleans and lists are what they
 * look like. Null where the text is neither.
 */
export function parseNamed(text: string): Named | null {
  const match = /^\s*([^\s()=,](?:[^()=,]*[^\s()=,])?)\s*(?:\((.*)\))?\s*$/s.exec(text);
  if (match === null || (/\s/.test(match[1]!) && !/[\\/.]/.test(match[1]!))) return null; // only files have spaces
  const options: Record<string, unknown> = {};
  for (const part of splitTopLevel(match[2] ?? '')) {
    const equals = part.indexOf('=');
    if (equals < 1) return null;
    try {
      options[part.slice(0, equals).trim()] = parse(part.slice(equals + 1)) as unknown;
    } catch {
      return null;
    }
  }
  return { name: match[1]!, options };
}

/** Parts between commas that are not inside brackets. */
export function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if ('([{'.includes(text[i]!)) depth++;
    else if (')]}'.includes(text[i]!)) depth--;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** The form for configuration files: the name alone where there are no options. */
export const formatNamed = ({ name, options }: Named): unknown =>
  Object.keys(options).length === 0 ? name : { name, ...options };

/** One line for people. */
export const describeNamed = ({ name, options }: Named): string => {
  const inner = Object.entries(options).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return inner.length === 0 ? name : `${name}(${inner.join(', ')})`;
};
