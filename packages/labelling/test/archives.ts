/** Archives made by hand, so that they can be wrong in every way. */
import { writeFileSync } from 'node:fs';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { Header } from 'tar';

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly method?: 'stored' | 'deflated' | number;
  readonly encrypted?: boolean;
  /** Values the headers claim in place of the true ones. */
  readonly claimedSize?: number;
  readonly claimedCrc?: number;
}

/** A zip archive with local headers, data and central directory (APPNOTE 6.3, no zip64). */
export function writeZip(file: string, entries: readonly ZipEntry[]): string {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, method = 'stored', encrypted = false, claimedSize, claimedCrc } of entries) {
    const code = method === 'stored' ? 0 : method === 'deflated' ? 8 : method;
    // Encryption puts twelve bytes before the data.
    const data = code === 8 ? deflateRawSync(bytes) : Buffer.concat([Buffer.alloc(encrypted ? 12 : 0), bytes]);
    const fixed = Buffer.alloc(26);
    fixed.writeUInt16LE(20, 0);
    fixed.writeUInt16LE(0x800 | (encrypted ? 1 : 0), 2);
    fixed.writeUInt16LE(code, 4);
    fixed.writeUInt32LE((claimedCrc ?? crc32(bytes)) >>> 0, 10);
    fixed.writeUInt32LE(data.length, 14);
    fixed.writeUInt32LE(claimedSize ?? bytes.length, 18);
    fixed.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fixed, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fixed, rest, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  writeFileSync(file, Buffer.concat([...parts, directory, end]));
  return file;
}

export interface TarEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type?: 'File' | 'SymbolicLink' | 'Directory';
}

type EntryType = NonNullable<ConstructorParameters<typeof Header>[0]> extends infer Data ? Extract<Data, { type?: unknown }>['type'] & string : never;

function tarBlock(name: string, bytes: Uint8Array, type: EntryType): Buffer {
  const header = new Header({ path: name, size: bytes.length, mode: 0o644, type, mtime: new Date(0) });
  const block = Buffer.alloc(512);
  header.encode(block);
  return Buffer.concat([block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A tar archive; names over 99 bytes go into GNU long-name headers. `.tar.gz` names are compressed. */
export function writeTar(file: string, entries: readonly TarEntry[], { end = true } = {}): string {
  const blocks = entries.flatMap(({ name, bytes, type = 'File' }) => [
    ...(Buffer.byteLength(name) > 99 ? [tarBlock('././@LongLink', Buffer.from(`${name}\0`), 'NextFileHasLongPath')] : []),
    tarBlock(name.slice(0, 99), bytes, type),
  ]);
  const whole = Buffer.concat([...blocks, ...(end ? [Buffer.alloc(1024)] : [])]);
  writeFileSync(file, /gz$/.test(file) ? gzipSync(whole) : whole);
  return file;
}
