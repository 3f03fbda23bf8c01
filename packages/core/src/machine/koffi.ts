import { importFromUser } from './optional-package.js';
import type { NativePackage } from './platform.js';

/** koffi, which calls functions of C libraries. Users install it themselves; this is the version that is tested. */
export const KOFFI_PACKAGE: NativePackage = {
  name: 'koffi',
  version: '3.3.4',
  platforms: ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
};

/** koffi as package managers take it. */
export const KOFFI = `${KOFFI_PACKAGE.name}@${KOFFI_PACKAGE.version}`;

/** A function of a C library. */
export type CFunction = (...args: unknown[]) => unknown;

/** A loaded C library. */
export interface CLibrary {
  func(name: string, result: string, args: readonly string[]): CFunction;
  symbol(name: string, type: string): unknown;
}

/** What is used of koffi. */
export interface Koffi {
  load(path: string, options?: { readonly global?: boolean }): CLibrary;
  /** The address that a pointer holds, or that of a typed array's first byte. */
  address(memory: unknown): bigint;
  /** The value of a type at an address; an array of `count` values. */
  decode(address: unknown, type: unknown, count?: number): unknown;
  /** The value of a type some bytes after an address. */
  decode(address: unknown, offset: number, type: unknown): unknown;
  struct(fields: Readonly<Record<string, string>>): unknown;
  proto(result: string, args: readonly string[]): unknown;
}

/**
 * Imports koffi.
 *
 * @param load `(name) => import(name)`, written in the package that needs it
 * @param failure makes the error of who needs it from what the import threw
 */
export async function importKoffi(
  load: (specifier: string) => Promise<unknown>,
  failure: (cause: unknown) => Error,
): Promise<Koffi> {
  try {
    const found = await importFromUser(KOFFI_PACKAGE.name, load);
    return ((found as { readonly default?: Koffi }).default ?? found) as Koffi;
  } catch (cause) {
    throw failure(cause);
  }
}
