export { resnetModels } from './named.js';
export { resnetOptions, type ResnetOptions } from './options.js';
export { resnet } from './resnet.js';
