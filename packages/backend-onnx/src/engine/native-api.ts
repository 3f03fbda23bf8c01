import { importKoffi, type CFunction, type Koffi } from '@anc/core/worker';
import { NATIVE } from './native-package.js';

/**
 * The C functions of ONNX Runtime that sections need, called by koffi from the library that onnxruntime-node has loaded. That
 * package copies every input and output of a run, which is what sections would spend most of their time on; it has neither
 * memory nor threads that sessions share.
 *
 * The functions are entries of a table whose order never changes (`struct OrtApi` of onnxruntime_c_api.h).
 */
const PLACES = {
  GetErrorMessage: 2,
  CreateEnv: 3,
  CreateSessionFromArray: 8,
  Run: 9,
  CreateSessionOptions: 10,
  SetOptimizedModelFilePath: 11,
  SetSessionLogSeverityLevel: 22,
  SetSessionGraphOptimizationLevel: 23,
  SetIntraOpNumThreads: 24,
  CreateTensorWithDataAsOrtValue: 49,
  CreateCpuMemoryInfo: 69,
  ReleaseStatus: 93,
  ReleaseSession: 95,
  ReleaseValue: 96,
  ReleaseSessionOptions: 100,
  AddSessionConfigEntry: 130,
  CreateAndRegisterAllocator: 144,
} as const;

const [PTR, SIZE] = ['intptr_t', 'size_t'];
const ADDRESS_BYTES = 8;

/** Arguments by function. `void *` takes memory of this process's own, PTR an address that the library gave. */
const ARGUMENTS: Readonly<Record<keyof typeof PLACES, readonly string[]>> = {
  GetErrorMessage: [PTR],
  CreateEnv: ['int', 'const char *', 'void *'],
  CreateSessionFromArray: [PTR, 'void *', SIZE, PTR, 'void *'],
  Run: [PTR, PTR, 'void *', 'void *', SIZE, 'void *', SIZE, 'void *'],
  CreateSessionOptions: ['void *'],
  SetOptimizedModelFilePath: [PTR, 'const char *'],
  SetSessionLogSeverityLevel: [PTR, 'int'],
  SetSessionGraphOptimizationLevel: [PTR, 'int'],
  SetIntraOpNumThreads: [PTR, 'int'],
  CreateTensorWithDataAsOrtValue: [PTR, 'void *', SIZE, 'void *', SIZE, 'int', 'void *'],
  CreateCpuMemoryInfo: ['int', 'int', 'void *'],
  ReleaseStatus: [PTR],
  ReleaseSession: [PTR],
  ReleaseValue: [PTR],
  ReleaseSessionOptions: [PTR],
  AddSessionConfigEntry: [PTR, 'const char *', 'const char *'],
  CreateAndRegisterAllocator: [PTR, PTR, PTR],
};

/** Of the library's interface; every later one has the same functions. */
const API_VERSION = 18;

type Address = bigint;

/** A function that returned an error. */
export class NativeError extends Error {}

/** ONNX Runtime's C functions, with an environment of its own in this process. */
export class NativeApi {
  readonly #functions = new Map<keyof typeof PLACES, CFunction>();
  readonly environment: Address;
  /** Describes memory of the processor. */
  readonly memory: Address;

  private constructor(
    readonly koffi: Koffi,
    path: string,
  ) {
    const base = koffi.load(path).func('OrtGetApiBase', PTR, [])() as Address | number;
    const table = this.#entry(BigInt(base), 0, PTR, ['uint32_t'])(API_VERSION) as Address | number;
    if (BigInt(table) === 0n) throw new NativeError(`no interface of version ${API_VERSION}`);
    for (const [name, place] of Object.entries(PLACES) as [keyof typeof PLACES, number][]) {
      const result = name === 'GetErrorMessage' ? 'const char *' : name.startsWith('Release') ? 'void' : PTR;
      this.#functions.set(name, this.#entry(BigInt(table), place, result, ARGUMENTS[name]));
    }
    const FATAL = 4;
    this.environment = this.made('CreateEnv', FATAL, 'anc');
    const [arena, device] = [1, 0];
    this.memory = this.made('CreateCpuMemoryInfo', arena, device);
    try {
      // One pool of memory for the sections of all steps, which run one after the other.
      this.call('CreateAndRegisterAllocator', this.environment, this.memory, 0);
    } catch {
      // Another backend of this process has made it.
    }
  }

  /** The functions; null where koffi or the library cannot be loaded. */
  static async load(): Promise<NativeApi | null> {
    try {
      const path = libraryPath();
      if (path === null) return null;
      const koffi = await importKoffi(
        (name) => import(/* @vite-ignore */ name),
        () => new NativeError('koffi cannot be loaded'),
      );
      return new NativeApi(koffi, path);
    } catch {
      return null;
    }
  }

  #entry(table: Address, place: number, result: string, args: readonly string[]): CFunction {
    const { koffi } = this;
    const address = koffi.decode(table, ADDRESS_BYTES * place, PTR);
    return koffi.decode(BigInt(address as Address | number), koffi.proto(result, args)) as CFunction;
  }

  /** Calls a function that returns a status. */
  call(name: keyof typeof PLACES, ...args: readonly unknown[]): void {
    const status = this.#functions.get(name)!(...args) as Address | number;
    if (BigInt(status) === 0n) return;
    const message = this.#functions.get('GetErrorMessage')!(status) as string;
    this.#functions.get('ReleaseStatus')!(status);
    throw new NativeError(message);
  }

  /** Calls a function whose last argument is where it writes the address of what it made. */
  made(name: keyof typeof PLACES, ...args: readonly unknown[]): Address {
    const made = new BigUint64Array(1);
    this.call(name, ...args, made);
    return made[0]!;
  }

  /** Calls a function that returns nothing. */
  release(name: 'ReleaseSession' | 'ReleaseValue' | 'ReleaseSessionOptions', address: Address): void {
    this.#functions.get(name)!(address);
  }
}

/** The library that onnxruntime-node has loaded; null where it is not found. */
function libraryPath(): string | null {
  const { createRequire } = process.getBuiltinModule('node:module');
  const { readdirSync } = process.getBuiltinModule('node:fs');
  const { dirname, join } = process.getBuiltinModule('node:path');
  const folder = join(dirname(createRequire(import.meta.url).resolve(NATIVE.name)), '..', 'bin');
  const [version] = readdirSync(folder);
  const files = join(folder, version!, process.platform, process.arch);
  const name = readdirSync(files).find((file) => /^(lib)?onnxruntime\.(so|dll|[\d.]*dylib)/.test(file));
  return name === undefined ? null : join(files, name);
}
