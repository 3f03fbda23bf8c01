import { definePlugin, PLUGIN_API_VERSION, type Plugin } from '@anc/core';
import { cnnModels } from './cnn.js';
import { lenetModels } from './lenet.js';
import { efficientnetLiteModels } from './mobile/efficientnet-lite.js';
import { mobilenetV2Models } from './mobile/mobilenet-v2.js';
import { mobilenetV3Models } from './mobile/mobilenet-v3.js';
import { shufflenetV2Models } from './mobile/shufflenet-v2.js';
import { mobilenetModels } from './mobilenet.js';
import { ninModels } from './nin.js';
import { resnetModels } from './resnet/named.js';

/** The built-in networks. */
export default function models(): Plugin {
  return definePlugin({
    name: '@anc/models',
    apiVersion: PLUGIN_API_VERSION,
    models: {
      ...resnetModels,
      ...ninModels,
      ...lenetModels,
      ...mobilenetModels,
      ...mobilenetV2Models,
      ...mobilenetV3Models,
      ...efficientnetLiteModels,
      ...shufflenetV2Models,
      ...cnnModels,
    },
  });
}
