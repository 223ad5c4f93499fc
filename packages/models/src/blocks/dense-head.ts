/** What stands between the last map of a VGG and its logits: two hidden dense layers behind a flattened or a pooled map. */
import { denseLayer, dropoutLayer, flatten, globalAveragePool, type Net, relu, type Value } from '@mien/engine';

export interface DenseHeadOptions {
  readonly classes: number;
  /** Units of each hidden layer. */
  readonly hidden: number;
  readonly dropout: number;
}

/**
 * torchvision's head, weights `classifier.0`, `.3`, `.6`. The map is taken as it is, so that `classifier.0` has 25,088 inputs
 * at 224×224, where pretrained weights fit, and fewer below. x [N,C,H,W] → [N,classes].
 */
export function flattenHead(net: Net, x: Value, { classes, hidden, dropout }: DenseHeadOptions): Value {
  let y = relu(denseLayer(net, 'classifier.0', flatten(x), hidden));
  y = relu(denseLayer(net, 'classifier.3', dropoutLayer(net, 'classifier.2', y, dropout), hidden));
  return denseLayer(net, 'classifier.6', dropoutLayer(net, 'classifier.5', y, dropout), classes);
}

/** System B's head, the same at any map size: global average pooling, then dropout before each hidden layer. x [N,C,H,W] → [N,classes]. */
export function pooledHead(net: Net, x: Value, { classes, hidden, dropout }: DenseHeadOptions): Value {
  const head = net.scope('head');
  let y = relu(denseLayer(head, 'fc1', dropoutLayer(head, 'drop1', flatten(globalAveragePool(x)), dropout), hidden));
  y = relu(denseLayer(head, 'fc2', dropoutLayer(head, 'drop2', y, dropout), hidden));
  return denseLayer(head, 'fc3', y, classes);
}
