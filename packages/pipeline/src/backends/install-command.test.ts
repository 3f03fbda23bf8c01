import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installationOf, installCommand } from './install-command.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'anc-install-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const files = (...names: readonly string[]): void =>
  names.forEach((name) => writeFileSync(join(root, name), ''));
const installed = (): string =>
  join(root, 'node_modules', '.pnpm', 'x', 'node_modules', '@anc', 'core', 'p.json');
const NATIVE = 'onnxruntime-node@1.30.0';

describe('installationOf', () => {
  it.each([
    [['package.json', 'package-lock.json'], { manager: 'npm', global: false }],
    [['package.json'], { manager: 'npm', global: false }],
    [['package.json', 'pnpm-lock.yaml'], { manager: 'pnpm', global: false }],
    [['package.json', 'yarn.lock'], { manager: 'yarn', global: false }],
    [['package.json', 'bun.lock'], { manager: 'bun', global: false }],
    [[], { manager: 'npm', global: true }],
  ])('of a folder with %j', (names, expected) => {
    files(...names);
    expect(installationOf(installed())).toEqual({ root, ...expected });
  });

  it('of a checkout is the nearest folder with a lockfile', () => {
    files('package.json', 'package-lock.json');
    mkdirSync(join(root, 'packages', 'core'), { recursive: true });
    writeFileSync(join(root, 'packages', 'core', 'package.json'), '');
    expect(installationOf(join(root, 'packages', 'core', 'package.json'))).toEqual({
      root,
      manager: 'npm',
      global: false,
    });
  });
});

describe('installCommand', () => {
  it.each([
    ['npm', false, `npm install --no-save --force --onnxruntime-node-install=skip ${NATIVE}`],
    ['npm', true, `npm install --global --no-save --force --onnxruntime-node-install=skip ${NATIVE}`],
    ['yarn', false, 'ONNXRUNTIME_NODE_INSTALL=skip yarn install --force'],
    ['pnpm', false, 'ONNXRUNTIME_NODE_INSTALL=skip pnpm install --force'],
    ['bun', false, 'ONNXRUNTIME_NODE_INSTALL=skip bun install --force'],
  ] as const)('keeps the script of ONNX Runtime from downloading: %s, global %s', (manager, global, text) => {
    const command = installCommand(NATIVE, { root, manager, global }, root);
    expect(command).toMatchObject({ program: manager, cwd: root, text });
    expect(command.env).toEqual({ ONNXRUNTIME_NODE_INSTALL: 'skip' });
  });

  it.each([
    ['npm', false, 'npm install webgpu@0.6.2'],
    ['npm', true, 'npm install --global webgpu@0.6.2'],
    ['yarn', false, 'yarn add webgpu@0.6.2'],
    ['pnpm', false, 'pnpm add webgpu@0.6.2'],
  ] as const)('adds another package: %s, global %s', (manager, global, text) => {
    const command = installCommand('webgpu@0.6.2', { root, manager, global }, root);
    expect(command).toMatchObject({ text, env: {} });
  });

  it('names the folder where it is another one', () => {
    const place = { root: join(root, 'my tools'), manager: 'npm', global: false } as const;
    expect(installCommand('webgpu@0.6.2', place, root).text).toBe(
      `cd '${join(root, 'my tools')}' && npm install webgpu@0.6.2`,
    );
  });
});
