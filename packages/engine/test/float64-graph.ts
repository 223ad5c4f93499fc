/**
 * A graph whose convolutions are spelled out as slices and matrix products, of which ONNX Runtime has double kernels: whole
 * networks can then be differentiated in double precision, where a finite difference says something. Slow, for tests.
 */
import { type Shape, sizeOf } from '@mien/onnx';
import { type EmitOptions, Graph, type Value } from '../src/graph.ts';

interface Geometry {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** [top, left, bottom, right]; negative crops. */
  readonly pads: readonly [number, number, number, number];
  readonly group: number;
}

export class Float64Graph extends Graph {
  override emit(opType: string, inputs: readonly (Value | string)[], shape: Shape, options: EmitOptions = {}): Value {
    const a = options.attributes as Record<string, readonly number[] & number> | undefined;
    if (opType === 'Conv' && !options.domain) {
      const [x, w, bias] = inputs as [Value, Value | string, Value | undefined];
      return this.#conv(x, w, bias, shape, {
        kernel: a!.kernel_shape!,
        strides: a!.strides!,
        dilations: a!.dilations!,
        pads: a!.pads!,
        group: a!.group ?? 1,
      } as never);
    }
    if (opType === 'ConvTranspose') {
      const [dy, w] = inputs as [Value, Value | string];
      return this.#transposed(dy, w, shape, {
        kernel: a!.kernel_shape!,
        strides: a!.strides!,
        dilations: a!.dilations!,
        pads: a!.pads!,
        group: a!.group ?? 1,
      } as never);
    }
    if (opType === 'AveragePool' && (!a!.pads!.some((pad) => pad > 0) || a!.count_include_pad! === 1)) {
      const x = inputs[0] as Value;
      const [kernel, C] = [a!.kernel_shape! as unknown as [number, number], shape[1]!];
      const taps = kernel[0] * kernel[1];
      const mean = this.constant(new Array(C * taps).fill(1 / taps), [C, 1, ...kernel]);
      return this.#conv(x, mean, undefined, shape, { kernel, strides: a!.strides!, dilations: [1, 1], pads: a!.pads!, group: C } as never);
    }
    // Its zeros are float32 whatever the graph is in; the cast is what `toFloat64` sees.
    if (opType === 'ConstantOfShape') return super.emit('Cast', [super.emit(opType, inputs, shape, options)], shape, { attributes: { to: 1 } });
    return super.emit(opType, inputs, shape, options);
  }

  #integers(list: readonly number[]): Value {
    return this.constant(list, [list.length], 'int64');
  }

  #reshape(x: Value | string, shape: Shape): Value {
    return super.emit('Reshape', [x, this.#integers(shape)], shape);
  }

  #pad(x: Value, [top, left, bottom, right]: Geometry['pads']): Value {
    const [N, C, H, W] = x.shape as [number, number, number, number];
    if (top === 0 && left === 0 && bottom === 0 && right === 0) return x;
    return super.emit('Pad', [x, this.#integers([0, 0, top, left, 0, 0, bottom, right])], [N, C, H + top + bottom, W + left + right]);
  }

  /** Every tap's view of x side by side, [N, group, C/group · taps, positions], times the weights [1, group, O/group, C/group · taps]. */
  #conv(x: Value, w: Value | string, bias: Value | undefined, shape: Shape, { kernel, strides, dilations, pads, group }: Geometry): Value {
    const [N, O, Ho, Wo] = shape as [number, number, number, number];
    const C = x.shape[1]!;
    const padded = this.#pad(x, pads);
    const taps: Value[] = [];
    for (let i = 0; i < kernel[0]; i++) {
      for (let j = 0; j < kernel[1]; j++) {
        const start = [i * dilations[0], j * dilations[1]] as const;
        const end = [start[0] + (Ho - 1) * strides[0] + 1, start[1] + (Wo - 1) * strides[1] + 1];
        const seen = super.emit('Slice', [padded, this.#integers(start), this.#integers(end), this.#integers([2, 3]), this.#integers(strides)], [N, C, Ho, Wo]);
        taps.push(this.#reshape(seen, [N, C, 1, Ho * Wo]));
      }
    }
    const all = super.emit('Concat', taps, [N, C, taps.length, Ho * Wo], { attributes: { axis: 2 } });
    const columns = this.#reshape(all, [N, group, (C / group) * taps.length, Ho * Wo]);
    const rows = this.#reshape(w, [1, group, O / group, (C / group) * taps.length]);
    const y = this.#reshape(super.emit('MatMul', [rows, columns], [N, group, O / group, Ho * Wo]), shape);
    return bias ? super.emit('Add', [y, this.#reshape(bias, [1, O, 1, 1])], shape) : y;
  }

  /** dy with zeros between its values, convolved with the weights flipped and their channels swapped within each group. */
  #transposed(dy: Value, w: Value | string, shape: Shape, { kernel, strides, dilations, pads, group }: Geometry): Value {
    const [N, M, h, v] = dy.shape as [number, number, number, number];
    const [, I, H, W] = shape as [number, number, number, number];
    const [sy, sx] = strides;
    const wide = super.emit(
      'Pad',
      [this.#reshape(dy, [N, M, h, 1, v, 1]), this.#integers([0, 0, 0, 0, 0, 0, 0, 0, 0, sy - 1, 0, sx - 1])],
      [N, M, h, sy, v, sx],
    );
    const apart = this.#reshape(wide, [N, M, h * sy, v * sx]);
    const before = [0, 1].map((axis) => dilations[axis]! * (kernel[axis]! - 1) - pads[axis]!);
    const reach = [0, 1].map((axis) => dilations[axis]! * (kernel[axis]! - 1));
    const after = [H - h * sy + reach[0]! - before[0]!, W - v * sx + reach[1]! - before[1]!];
    const O = I / group;
    const split = this.#reshape(w, [group, M / group, O, ...kernel]);
    const swapped = super.emit('Transpose', [split], [group, O, M / group, ...kernel], { attributes: { perm: [0, 2, 1, 3, 4] } });
    const least = -sizeOf(kernel) - 1;
    const flipped = super.emit(
      'Slice',
      [swapped, this.#integers([-1, -1]), this.#integers([least, least]), this.#integers([3, 4]), this.#integers([-1, -1])],
      swapped.shape,
    );
    const weights = this.#reshape(flipped, [I, M / group, ...kernel]);
    return this.#conv(apart, weights, undefined, shape, { kernel, strides: [1, 1], dilations, pads: [before[0]!, before[1]!, after[0]!, after[1]!], group });
  }
}
