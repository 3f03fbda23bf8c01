/** onnxruntime-node is optional: the build must not need its own types. Its API is onnxruntime-common's. */
declare module 'onnxruntime-node' {
  export * from 'onnxruntime-common';
}
