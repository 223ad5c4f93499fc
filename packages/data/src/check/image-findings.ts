/** Verdicts on single images: blank, flat, too dark, too bright, enlarged from next to nothing, cut from another shape. */
import { type CheckContext, counted, type Finding } from './finding.ts';
import { outside } from './outliers.ts';

/** Originals of less than this share of the store's side were enlarged so much that little of a face is in them. */
const smallestShare = 0.75;
/** Originals longer than this by their width, or the other way round, lost much when they were cut to the store's shape. */
const longestAspect = 1.5;

export function imageFindings(context: CheckContext): Finding[] {
  return [constantFinding(context), flatFinding(context), brightnessFinding(context), ...sizeFindings(context)];
}

function constantFinding({ scan }: CheckContext): Finding {
  const rows = numbersWhere(scan.count, (i) => scan.constant[i] === 1);
  return {
    id: 'constant',
    title: 'Blank images',
    level: rows.length === 0 ? 'fine' : 'problem',
    verdict:
      rows.length === 0
        ? 'Every image shows something.'
        : `${counted(rows.length, 'image holds', 'images hold')} one single value and no face under a label. Drop ${rows.length === 1 ? 'it' : 'them'}.`,
    rows,
  };
}

function flatFinding({ scan }: CheckContext): Finding {
  const { low, limits } = outside(scan.contrast);
  const rows = low.filter((i) => scan.constant[i] === 0);
  return {
    id: 'flat',
    title: 'Images with hardly any contrast',
    level: rows.length === 0 ? 'fine' : 'note',
    verdict:
      rows.length === 0
        ? 'No image is much flatter than the others.'
        : `${counted(rows.length, 'image varies', 'images vary')} by less than ${limits[0].toFixed(1)} of 255 (standard deviation), far less than the others. Some may show no face.`,
    rows,
    captions: rows.map((i) => `± ${(scan.contrast[i] as number).toFixed(1)}`),
  };
}

function brightnessFinding({ scan }: CheckContext): Finding {
  const { low, high, limits } = outside(scan.brightness);
  const rows = [...low, ...high].filter((i) => scan.constant[i] === 0);
  return {
    id: 'brightness',
    title: 'Very dark or very bright images',
    level: rows.length === 0 ? 'fine' : 'note',
    verdict:
      rows.length === 0
        ? 'No image is much darker or brighter than the others.'
        : `${counted(rows.length, 'image has', 'images have')} a mean brightness outside of ${limits[0].toFixed(0)}…${limits[1].toFixed(0)} (of 255). Harmless if such light occurs in use.`,
    rows,
    captions: rows.map((i) => `mean ${(scan.brightness[i] as number).toFixed(0)}`),
  };
}

function sizeFindings({ scan, columns }: CheckContext): Finding[] {
  if (columns.every(({ sizes }) => sizes === undefined)) return [];
  const { height, width } = scan.store.manifest.image;
  const sizeOf = (i: number): [height: number, width: number] => {
    const s = scan.splitOf[i] as number;
    const at = 2 * (i - (scan.starts[s] as number));
    return [columns[s]?.sizes?.[at] ?? 0, columns[s]?.sizes?.[at + 1] ?? 0];
  };
  const known = numbersWhere(scan.count, (i) => sizeOf(i)[0] > 0);
  if (known.length === 0) return [];
  const shareOf = (i: number) => Math.min(sizeOf(i)[0] / height, sizeOf(i)[1] / width);
  const small = known.filter((i) => shareOf(i) < smallestShare).sort((a, b) => shareOf(a) - shareOf(b));
  const aspectOf = (i: number) => Math.max(sizeOf(i)[0] / sizeOf(i)[1] / (height / width), sizeOf(i)[1] / sizeOf(i)[0] / (width / height));
  const long = known.filter((i) => aspectOf(i) > longestAspect).sort((a, b) => aspectOf(b) - aspectOf(a));
  const describe = (i: number) => `${sizeOf(i)[1]}×${sizeOf(i)[0]} px`;
  return [
    {
      id: 'size',
      title: 'Enlarged and cut images',
      level: small.length + long.length === 0 ? 'fine' : 'note',
      verdict:
        small.length + long.length === 0
          ? `All originals are about as large as the store's ${width}×${height} px, and of its shape.`
          : `${counted(small.length, 'original is', 'originals are')} smaller than ${Math.round(100 * smallestShare)} % of the store's ${width}×${height} px and were enlarged; ${counted(long.length, 'original', 'originals')} of another shape lost a third or more at the edges. Look whether the faces are still whole.`,
      rows: [...small, ...long],
      captions: [...small, ...long].map(describe),
    },
  ];
}

function numbersWhere(count: number, holds: (i: number) => boolean): number[] {
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) if (holds(i)) numbers.push(i);
  return numbers;
}
