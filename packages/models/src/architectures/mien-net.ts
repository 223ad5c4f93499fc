/**
 * `mien-net`: our residual network with gated branches (He et al. 2016; Hu et al. 2018) for small grey faces, see its family. Our own
 * layout (MIT). Measured result: docs/results.md.
 */
import { defineMienNet } from '../families/mien-net.ts';

export const mienNet = defineMienNet({
  name: 'mien-net',
  description: 'Residual network with gated branches for small faces',
  widths: '48-96-160',
  depths: '2-3-2',
});
