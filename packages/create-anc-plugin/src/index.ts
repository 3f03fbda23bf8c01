export { kindOf, pluginKinds, type PluginKind } from './kinds.js';
export { namesOf, type PluginNames } from './plugin-name.js';
export { describeWritten, runCreate, type CreateStreams } from './run-create.js';
export { pluginFiles, writePlugin, type WritePluginOptions, type WrittenPlugin } from './write-plugin.js';
