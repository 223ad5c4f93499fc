/** Numbers as people read them. */

const integers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const megabyteFormat = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** `3589` → `3,589` */
export function count(n: number): string {
  return integers.format(n);
}

/** Of a fraction 0…1: `0.934` → `93%`; what is not nothing never reads as 0%, what is not all never as 100%. */
export function percent(fraction: number): string {
  if (fraction > 0 && fraction < 0.005) return '<1%';
  if (fraction < 1 && fraction >= 0.995) return '>99%';
  return `${Math.round(fraction * 100)}%`;
}

/** Of a measured figure, with one decimal: `0.6672` → `66.7%`. */
export function finePercent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)}%`;
}

/** `14239897` → `14.2 MB` */
export function megabytes(bytes: number): string {
  return `${megabyteFormat.format(bytes / 1e6)} MB`;
}
