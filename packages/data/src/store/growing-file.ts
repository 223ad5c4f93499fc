/** A file that bytes are appended to through a buffer. */
import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';

const bufferBytes = 1 << 20;

export class GrowingFile {
  readonly path: string;
  // Most columns stay small, so the buffer grows with need.
  #buffer = Buffer.allocUnsafe(4096);
  #used = 0;
  #fd: number | undefined;

  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'wx');
  }

  append(data: Uint8Array): void {
    this.#makeRoom(data.length);
    if (data.length > bufferBytes) {
      writeFully(this.#fd as number, data);
    } else {
      this.#buffer.set(data, this.#used);
      this.#used += data.length;
    }
  }

  /** An unsigned little-endian number of `bytes` bytes. */
  appendNumber(value: number, bytes: 1 | 2 | 4): void {
    this.#makeRoom(bytes);
    this.#used = this.#buffer.writeUIntLE(value, this.#used, bytes);
  }

  /** Writes out what is buffered and closes the file. */
  finish(): void {
    this.#flush();
    this.close();
  }

  /** Closes without writing what is buffered; harmless when closed. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #makeRoom(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#buffer.length) return;
    if (needed > bufferBytes) {
      this.#flush();
      if (bytes <= this.#buffer.length || bytes > bufferBytes) return;
    }
    const grown = Buffer.allocUnsafe(Math.min(bufferBytes, Math.max(2 * this.#buffer.length, 2 * bytes)));
    grown.set(this.#buffer.subarray(0, this.#used));
    this.#buffer = grown;
  }

  #flush(): void {
    writeFully(this.#fd as number, this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}

/** Appends the contents of the file `from` to `path`. */
export function appendFileTo(path: string, from: string): void {
  const buffer = Buffer.allocUnsafe(bufferBytes);
  const output = openSync(path, 'a');
  const input = openSync(from, 'r');
  try {
    for (let length = readSync(input, buffer); length > 0; length = readSync(input, buffer)) writeFully(output, buffer.subarray(0, length));
  } finally {
    closeSync(input);
    closeSync(output);
  }
}

/** Waits until the file's contents are on the disk, so that a power cut cannot leave a named store with empty files. */
export function syncToDisk(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeFully(fd: number, data: Uint8Array): void {
  for (let done = 0; done < data.length; ) done += writeSync(fd, data, done, data.length - done);
}
