import { onnxTypeOf, type ElementType } from '@anc/compiler/worker';
import type * as Ort from 'onnxruntime-common';
import type { NativeApi } from './native-api.js';

type Address = bigint;

/** `GraphOptimizationLevel` of onnxruntime_c_api.h. */
const LEVELS: Readonly<Record<string, number>> = { disabled: 0, basic: 1, extended: 2, layout: 3, all: 99 };

export interface NativeSessionOptions {
  readonly threads: number;
  readonly graphOptimizationLevel: string;
  /** Entries of the session's configuration. */
  readonly configuration: Readonly<Record<string, string>>;
  /** Where to write the optimized model. */
  readonly optimizedModelFilePath?: string;
}

/** A session whose inputs and outputs stay where they are. It has the memory of all such sessions. */
export class NativeSession {
  private constructor(
    readonly api: NativeApi,
    readonly session: Address,
  ) {}

  /** @param model its bytes, which are not needed afterwards */
  static create(api: NativeApi, model: Uint8Array, options: NativeSessionOptions): NativeSession {
    const made = api.made('CreateSessionOptions');
    try {
      api.call('SetIntraOpNumThreads', made, options.threads);
      api.call('SetSessionGraphOptimizationLevel', made, LEVELS[options.graphOptimizationLevel]);
      const FATAL = 4;
      api.call('SetSessionLogSeverityLevel', made, FATAL);
      for (const [key, value] of Object.entries(options.configuration))
        api.call('AddSessionConfigEntry', made, key, value);
      if (options.optimizedModelFilePath !== undefined)
        api.call('SetOptimizedModelFilePath', made, options.optimizedModelFilePath);
      const session = api.made('CreateSessionFromArray', api.environment, model, model.byteLength, made);
      return new NativeSession(api, session);
    } finally {
      api.release('ReleaseSessionOptions', made);
    }
  }

  /** Runs the graph; the outputs are written to the memory of `outputs`. */
  run(inputs: Readonly<Record<string, Ort.Tensor>>, outputs: Readonly<Record<string, Ort.Tensor>>): void {
    const { api } = this;
    const values: Address[] = [];
    const addressesOf = (tensors: readonly Ort.Tensor[]): BigUint64Array =>
      BigUint64Array.from(tensors, (tensor) => {
        const value = this.#valueOf(tensor);
        values.push(value);
        return value;
      });
    try {
      const [feeds, fetches] = [Object.entries(inputs), Object.entries(outputs)];
      const [given, wanted] = [
        new Names(
          api,
          feeds.map(([name]) => name),
        ),
        new Names(
          api,
          fetches.map(([name]) => name),
        ),
      ];
      const from = addressesOf(feeds.map(([, tensor]) => tensor));
      const to = addressesOf(fetches.map(([, tensor]) => tensor));
      api.call(
        'Run',
        this.session,
        0,
        given.addresses,
        from,
        feeds.length,
        wanted.addresses,
        fetches.length,
        to,
      );
    } finally {
      for (const value of values) api.release('ReleaseValue', value);
    }
  }

  release(): void {
    this.api.release('ReleaseSession', this.session);
  }

  #valueOf({ type, dims, data }: Ort.Tensor): Address {
    const { api } = this;
    const shape = BigInt64Array.from(dims, BigInt);
    const { byteLength } = data as Float32Array;
    const element = onnxTypeOf[type as ElementType];
    return api.made(
      'CreateTensorWithDataAsOrtValue',
      api.memory,
      data,
      byteLength,
      shape,
      dims.length,
      element,
    );
  }
}

/** Names as C has them: addresses of texts that end with a zero. */
class Names {
  readonly addresses: BigUint64Array;
  readonly #texts: Uint8Array;

  constructor({ koffi }: NativeApi, names: readonly string[]) {
    const encoded = names.map((name) => new TextEncoder().encode(`${name}\0`));
    this.#texts = new Uint8Array(new ArrayBuffer(encoded.reduce((sum, { length }) => sum + length, 1)));
    const begin = koffi.address(this.#texts);
    let at = 0;
    this.addresses = BigUint64Array.from(encoded, (text) => {
      this.#texts.set(text, at);
      const address = begin + BigInt(at);
      at += text.length;
      return address;
    });
  }
}
