import { installable, platformName, type NativePackage } from '@anc/core/worker';

/** The native build of ONNX Runtime, an optional dependency of this package, and where its published binaries run. */
export const NATIVE: NativePackage = {
  name: 'onnxruntime-node',
  version: '1.30.0',
  platforms: ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'],
};

/** How to get the native build: a command, or why there is none for this platform. */
export const nativeRemedy = (): string =>
  installable(NATIVE) === null
    ? `${NATIVE.name} has no build for ${platformName()}.`
    : '`npx anc-cli doctor --fix` installs it.';

/** Why steps run in WebAssembly. */
export const webNotice = (): string =>
  `${NATIVE.name} cannot be loaded, so steps run in WebAssembly (onnxruntime-web): results are equal up to rounding, but a ` +
  `step takes several times as long. ${nativeRemedy()}`;

/** Whether the native build is installed where this package finds it. It may still not load. */
export function hasNativeRuntime(): boolean {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return false;
  const { createRequire } = process.getBuiltinModule('node:module');
  try {
    createRequire(import.meta.url).resolve(NATIVE.name);
    return installable(NATIVE) !== null;
  } catch {
    return false;
  }
}
