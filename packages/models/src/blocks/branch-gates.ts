/** What a residual branch is multiplied with before it joins the sum: squeeze-and-excitation, CBAM, both or nothing. */
import { cbam, type Net, squeezeExcite, type Value } from '@mien/engine';

export interface CbamSettings {
  /** Channels ÷ hidden units of the channel attention's shared layers. */
  readonly reduction: number;
  /** Side of the spatial attention's window. */
  readonly kernel: number;
}

export interface BranchGates {
  /** Channels ÷ hidden units of squeeze-and-excitation (Hu et al. 2018, fig. 3); left out: none. */
  readonly seReduction?: number | undefined;
  /** CBAM (Woo et al. 2018, fig. 3: after the last convolution, before the sum); left out: none. */
  readonly cbam?: CbamSettings | undefined;
}

/** CBAM with weights `cbam.…`, at least one hidden unit however narrow x is. x [N,C,H,W] → [N,C,H,W]. */
export function cbamOf(net: Net, x: Value, { reduction, kernel }: CbamSettings): Value {
  return cbam(net, 'cbam', x, { reduction: Math.min(reduction, x.shape[1]!), kernel });
}

/** True where a branch is gated at all. */
export function hasGates({ seReduction, cbam: settings }: BranchGates): boolean {
  return seReduction !== undefined || settings !== undefined;
}

/** x [N,C,H,W] → [N,C,H,W]: squeeze-and-excitation, then CBAM, as far as they are asked for. Weights `se.…`, `cbam.…`. */
export function gateBranch(net: Net, x: Value, { seReduction, cbam: settings }: BranchGates): Value {
  const hidden = Math.max(1, Math.floor(x.shape[1]! / (seReduction ?? 1)));
  const y = seReduction === undefined ? x : squeezeExcite(net, 'se', x, hidden, { bias: true });
  return settings ? cbamOf(net, y, settings) : y;
}
