/** The block of a vision transformer (Dosovitskiy et al. 2021, eq. 2 and 3): normalised before attention and before the MLP. */
import { add, denseLayer, dropoutLayer, gelu, layerNormLayer, multiHeadAttention, type Net, stochasticDepthLayer, type Value } from '@mien/engine';

/** As in the published code and timm, which differ from PyTorch's default here. */
export const layerNormEpsilon = 1e-6;

export interface TransformerBlockOptions {
  readonly heads: number;
  /** Hidden units of the MLP ÷ D. Default 4. */
  readonly mlpRatio?: number;
  /** Chance that a sample skips each of the two branches while training (Huang et al. 2016). Default 0. */
  readonly dropRate?: number;
  /** Dropout behind both layers of the MLP. Default 0. */
  readonly dropout?: number;
}

/** x + MSA(LN(x)), then x + MLP(LN(x)); MLP = W₂·gelu(W₁·). x [N,T,D] → [N,T,D]. Weight names follow timm. */
export function transformerBlock(net: Net, x: Value, options: TransformerBlockOptions): Value {
  const { heads, mlpRatio = 4, dropRate = 0, dropout = 0 } = options;
  const D = x.shape[2]!;
  const drop = (name: string, branch: Value): Value => (dropRate > 0 ? stochasticDepthLayer(net, name, branch, dropRate) : branch);
  const lose = (name: string, value: Value): Value => (dropout > 0 ? dropoutLayer(net, name, value, dropout) : value);
  const mixed = multiHeadAttention(net, 'attn', layerNormLayer(net, 'norm1', x, layerNormEpsilon), { heads });
  const y = add(x, drop('drop_path1', mixed));
  const hidden = gelu(denseLayer(net, 'mlp.fc1', layerNormLayer(net, 'norm2', y, layerNormEpsilon), mlpRatio * D));
  const out = denseLayer(net, 'mlp.fc2', lose('mlp.drop1', hidden), D);
  return add(y, drop('drop_path2', lose('mlp.drop2', out)));
}
