import { AncError, type Tree } from '@anc/core';

type Shapes = Tree<{ readonly shape: readonly number[] }>;
type Size = readonly [height: number, width: number, channels: number];

/** Where nothing tells the size of the images. */
const SIDE = 224;

/** How to use a PyTorch network that is not recognized, with the call that exports it for any number of images. */
function exportHint(tensors: Shapes, input: Size | undefined): string {
  const kernel = Object.values(tensors).find(({ shape }) => shape.length === 4);
  const [height, width, channels] = input ?? [SIDE, SIDE, kernel?.shape[1] ?? 3];
  const size = input === undefined ? `, with the size of its images in place of ${SIDE}` : '';
  return (
    'any network can be the teacher as an ONNX model. In Python, where its class is, load the state dict and call ' +
    `torch.onnx.export(model.eval(), (torch.zeros(2, ${channels}, ${height}, ${width}),), "model.onnx", ` +
    'input_names=["images"], output_names=["logits"], dynamic_shapes=({0: "batch"},), dynamo=True)' +
    `${size}; it needs the packages onnx and onnxscript. Then pass --teacher model.onnx.`
  );
}

/** The error for a state dict of a network that is not recognized: how to use it nevertheless. */
export function unknownNetwork(tensors: Shapes, input?: Size): AncError {
  const names = Object.keys(tensors);
  if (names.every((name) => /^\d+\.(?:weight|bias)$/.test(name))) return unnamedList(names.length);
  return new AncError('ANC_WEIGHTS', 'the checkpoint does not hold a network that is known here.', {
    expected:
      'a ResNet with conv1, bn1, layer1 to layer3 or layer4, and fc or linear; or MobileNetV2 or V3, ShuffleNetV2 or ' +
      'EfficientNet-Lite with the names of torchvision and timm',
    received: `${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}`,
    hint:
      `${exportHint(tensors, input)} If it is one of the networks of \`anc-cli list\` under other names, ` +
      'pass --model.',
  });
}

/** Parameters in a list have no names, and the statistics of batch norm are not among them. */
const unnamedList = (count: number): AncError =>
  new AncError(
    'ANC_WEIGHTS',
    'the checkpoint holds a list of tensors, and nothing says which network they are of.',
    {
      expected: 'a state dict, which has names and the statistics of batch norm',
      received: `${count} tensors without names`,
      hint:
        'save the state dict: torch.save(model.state_dict(), "weights.pth"). The parameters of a network without batch ' +
        'norm can be paired in their order: pass --model.',
    },
  );

/** The error for a recognized network of a variant that does not fit, by what did not. */
export const unknownVariant = (tensors: Shapes, input: Size | undefined, cause: AncError): AncError =>
  new AncError('ANC_WEIGHTS', 'the checkpoint holds a variant of a network that is not known here.', {
    ...(cause.detail.expected === undefined ? {} : { expected: cause.detail.expected }),
    received: `${cause.message}${cause.detail.received === undefined ? '' : ` ${cause.detail.received}`}`,
    hint: exportHint(tensors, input),
    cause,
  });
