import { describe, expect, it } from 'vitest';
import { folderName } from './folder-name.js';

describe('folderName', () => {
  it.each(['l2', 'kd-2', 'adversarial', 'my.method', 'a b', 'größe'])('keeps %s', (name) => {
    expect(folderName(name)).toBe(name);
  });

  it.each([
    ['value:kd', 'value-kd'],
    ['@acme/kd', '@acme-kd'],
    ['..\\kd', '..-kd'],
    ['a<b>"c"|d?*', 'a-b-c-d-'],
    ['tab\there', 'tab-here'],
    ['ends. .', 'ends'],
    ['..', '-'],
    ['', '-'],
  ])('makes %j to %j', (name, folder) => {
    expect(folderName(name)).toBe(folder);
  });
});
