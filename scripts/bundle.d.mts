interface ProgramOptions {
  readonly name: string;
  readonly entry: string;
  readonly outfile: string;
  /** Entry of the worker thread, if not the real one. */
  readonly worker?: string;
}
interface LibraryOptions {
  readonly entry: string;
  readonly outdir: string;
  readonly worker?: string;
}
export declare function bundleProgram(options: ProgramOptions): Promise<{ bytes: number }>;
export declare function bundleLibrary(options: LibraryOptions): Promise<void>;
