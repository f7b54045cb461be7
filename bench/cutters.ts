/** The parts of the program that group-size.mjs measures. */
export { createChunker } from '../src/chunker/chunker.js';
export { createPageCutter } from '../src/chunker/page-cutter.js';
export { pageLayoutOf } from '../src/chunker/pages.js';
export { loadZstd } from '../src/compress/zstd.js';
export { defaultCrypto } from '../src/crypto/select.js';
export { blobId, sealBlob, sizeInPack } from '../src/repo/codec.js';
