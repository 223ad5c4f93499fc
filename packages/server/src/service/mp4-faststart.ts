/**
 * Moves the index of an MP4 or QuickTime file before its data, so that it can be decoded from a pipe: most cameras write
 * the `moov` box last, where a reader that cannot seek never finds it in time. Boxes as in ISO/IEC 14496-12.
 */

interface BoxSpan {
  readonly type: string;
  readonly start: number;
  /** Where the content begins, after size and type. */
  readonly content: number;
  readonly end: number;
}

/** Films of hours have some hundred boxes outside their tables, nested five deep; a file made of more would keep the server's thread. */
const mostBoxes = 10_000;
const deepest = 8;

/** Boxes that may still be read. */
interface Allowance {
  boxes: number;
}

const containers = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);

/** The boxes between two offsets; undefined when their sizes do not add up or they are too many. */
function boxesIn(view: DataView, from: number, to: number, allowance: Allowance): BoxSpan[] | undefined {
  const boxes: BoxSpan[] = [];
  for (let start = from; start < to; ) {
    if (start + 8 > to || --allowance.boxes < 0) return undefined;
    const type = String.fromCharCode(view.getUint8(start + 4), view.getUint8(start + 5), view.getUint8(start + 6), view.getUint8(start + 7));
    let size = view.getUint32(start);
    let content = start + 8;
    if (size === 1) {
      if (start + 16 > to) return undefined;
      size = Number(view.getBigUint64(start + 8));
      content = start + 16;
    } else if (size === 0) {
      size = to - start;
    }
    if (size < content - start || start + size > to) return undefined;
    boxes.push({ type, start, content, end: start + size });
    start += size;
  }
  return boxes;
}

/** Adds `shift` to every chunk offset inside a box. Returns false when a table does not fit its box, an offset its 32 bits, or boxes are too many or too deep. */
function shiftOffsets(view: DataView, box: BoxSpan, shift: number, allowance: Allowance, depth = 1): boolean {
  if (containers.has(box.type)) {
    if (depth > deepest) return false;
    return boxesIn(view, box.content, box.end, allowance)?.every((inner) => shiftOffsets(view, inner, shift, allowance, depth + 1)) ?? false;
  }
  if (box.type !== 'stco' && box.type !== 'co64') return true;
  const width = box.type === 'stco' ? 4 : 8;
  if (box.content + 8 > box.end) return false;
  const first = box.content + 8;
  const count = view.getUint32(box.content + 4);
  if (first + count * width > box.end) return false;
  for (let at = first; at < first + count * width; at += width) {
    if (width === 8) {
      view.setBigUint64(at, view.getBigUint64(at) + BigInt(shift));
    } else {
      const offset = view.getUint32(at) + shift;
      if (offset > 0xffffffff) return false;
      view.setUint32(at, offset);
    }
  }
  return true;
}

/**
 * The file as pieces to be written one after another; the file itself, in one piece, where its index is in front already
 * or its boxes cannot be read or are too many (a decoder then says what is wrong with it). The index is copied, the data is not.
 */
export function withIndexFirst(file: Uint8Array): Uint8Array[] {
  const allowance = { boxes: mostBoxes };
  const boxes = boxesIn(new DataView(file.buffer, file.byteOffset, file.byteLength), 0, file.length, allowance);
  const moov = boxes?.find((box) => box.type === 'moov');
  const mdat = boxes?.find((box) => box.type === 'mdat');
  if (!moov || !mdat || moov.start < mdat.start) return [file];
  const index = new Uint8Array(file.subarray(moov.start, moov.end));
  const root = { ...moov, start: 0, content: moov.content - moov.start, end: index.length };
  const shifted = shiftOffsets(new DataView(index.buffer), root, index.length, allowance);
  if (!shifted) return [file];
  return [file.subarray(0, mdat.start), index, file.subarray(mdat.start, moov.start), file.subarray(moov.end)];
}
