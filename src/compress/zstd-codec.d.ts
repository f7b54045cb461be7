/**
 * The part of zstd-codec in use: its emscripten module, taken directly. The package's own entry keeps the module to
 * itself (no way to silence it) and carries a second copy for engines without WebAssembly.
 */
declare module 'zstd-codec/lib/zstd-codec-binding-wasm.js' {
  type Bytes = Uint8Array;

  /** C++ objects; each must be given back with delete(). */
  interface Deletable {
    delete(): void;
  }

  export interface VectorU8 extends Deletable {
    resize(size: number, fill: number): void;
    size(): number;
  }

  export interface Codec extends Deletable {
    compressBound(size: number): number;
    /** Size of the output, negative for an error. */
    compress(out: VectorU8, data: VectorU8, level: number): number;
    decompress(out: VectorU8, data: VectorU8): number;
  }

  /** The bytes given to a sink are only valid during the call. */
  type Sink = (bytes: Bytes) => void;

  export interface CompressStream extends Deletable {
    begin(level: number): boolean;
    transform(data: Bytes, sink: Sink): boolean;
    end(sink: Sink): boolean;
  }

  export interface DecompressStream extends Deletable {
    begin(): boolean;
    transform(data: Bytes, sink: Sink): boolean;
    end(sink: Sink): boolean;
  }

  export interface Binding {
    readonly ZstdCodec: new () => Codec;
    readonly VectorU8: new () => VectorU8;
    readonly ZstdCompressStreamBinding: new () => CompressStream;
    readonly ZstdDecompressStreamBinding: new () => DecompressStream;
    cloneToVector(vector: VectorU8, bytes: Bytes): void;
    /** The bytes where they lie, until the vector is changed. */
    toTypedArrayView(vector: VectorU8): Bytes;
  }

  export interface Settings {
    print(line: unknown): void;
    printErr(line: unknown): void;
    quit(status: number): void;
    onAbort(reason: unknown): void;
    onRuntimeInitialized(): void;
  }

  /**
   * Makes of `settings` itself, later, a Binding (and calls onRuntimeInitialized then).
   * It gets a method `then` that hands out the same object: awaiting it would never end.
   */
  const factory: (settings: Settings) => void;
  export default factory;
}
