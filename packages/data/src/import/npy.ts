/** One value from a .npy file of NumPy: AffectNet keeps each label in a file of its own. */
import { UserError } from '@mien/runtime';

const magic = Buffer.from('\x93NUMPY', 'latin1');

/**
 * The single value in the file, as text: `3`, or what the text in it says.
 * @param name for messages.
 * @throws UserError `bad-npy`.
 */
export function readNpyScalar(bytes: Uint8Array, name: string): string {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (what: string) => new UserError('bad-npy', `${name}: expected a .npy file with one number, ${what}`);
  if (data.length < 10 || !data.subarray(0, 6).equals(magic)) throw fail('this is none');
  const long = (data[6] as number) >= 2;
  const start = long ? 12 : 10;
  if (data.length < start) throw fail('it is cut off');
  const headerBytes = long ? data.readUInt32LE(8) : data.readUInt16LE(8);
  const header = data.toString('latin1', start, start + headerBytes);
  const type = /'descr'\s*:\s*'([<>|=]?)([a-zA-Z])(\d+)'/.exec(header);
  const shape = /'shape'\s*:\s*\(([^)]*)\)/.exec(header);
  if (!type || !shape) throw fail('its header cannot be read');
  const dimensions = (shape[1] as string).split(',').filter((part) => part.trim() !== '');
  if (!dimensions.every((size) => Number(size) === 1)) throw fail(`it holds an array of ${dimensions.join('×')}`);
  const [, endian, kind, sizeText] = type as unknown as [string, string, string, string];
  if (endian === '>') throw fail('its bytes are in big-endian order');
  const size = Number(sizeText);
  const value = data.subarray(start + headerBytes);
  const length = kind === 'U' ? 4 * size : size;
  if (value.length < length) throw fail('it is cut off');
  switch (kind) {
    case 'i':
      if (size <= 4) return String(value.readIntLE(0, size));
      return String(value.readBigInt64LE(0));
    case 'u':
      if (size <= 4) return String(value.readUIntLE(0, size));
      return String(value.readBigUInt64LE(0));
    case 'f':
      return String(size === 4 ? value.readFloatLE(0) : value.readDoubleLE(0));
    case 'S':
      return value.toString('latin1', 0, size).replaceAll('\0', '').trim();
    case 'U':
      return String.fromCodePoint(...Array.from({ length: size }, (_, i) => value.readUInt32LE(4 * i)).filter((code) => code > 0 && code <= 0x10ffff)).trim();
    default:
      throw fail(`its type is ${kind}${size}`);
  }
}
