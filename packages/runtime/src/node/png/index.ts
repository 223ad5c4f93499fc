/** @mien/runtime/png: PNG files of faces, without a library and without ONNX Runtime. Node only. */
export { decodePlainPng } from './plain-png.ts';
export { chunkType, harmlessChunks, type PngHeader, readPngHeader } from './png-header.ts';
