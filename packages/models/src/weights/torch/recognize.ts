import type { ModelEnvironment, Tree } from '@anc/core';
import { mobileIn } from './mobile.js';
import type { RecognizedModel } from './recognized-model.js';
import { torchNames } from './renamed.js';
import { resnetIn } from './resnet.js';
import { unknownNetwork } from './unknown-network.js';

/**
 * Recognizes a network of PyTorch from names and shapes: a post-activation ResNet of torchvision or of the CIFAR
 * implementations, MobileNetV2 or V3 or ShuffleNetV2 of torchvision, EfficientNet-Lite of timm. The names may have a
 * prefix; a ResNet's head and body may have names of their own.
 *
 * @param input [H, W, C] of its images, if it is known, for the call in the error that exports another network
 * @throws `ANC_WEIGHTS` if the checkpoint holds another network
 */
export function recognizeTorch(
  stateDict: Tree<{ readonly shape: readonly number[] }>,
  input?: ModelEnvironment['input'],
): RecognizedModel {
  for (const { tensors } of torchNames(stateDict)) {
    const found = resnetIn(tensors) ?? mobileIn(tensors);
    if (found !== null) return found;
  }
  throw unknownNetwork(stateDict, input);
}
