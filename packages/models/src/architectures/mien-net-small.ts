/** `mien-net-small`: `mien-net` at less than half the cost, for cameras. Our own layout (MIT). Measured result: the card of `mien-live`, docs/results.md. */
import { defineMienNet } from '../families/mien-net.ts';

export const mienNetSmall = defineMienNet({ name: 'mien-net-small', description: 'The same at less than half the cost', widths: '32-64-128', depths: '2-2-2' });
