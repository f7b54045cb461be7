interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeout?: number;
}
export declare const root: string;
export declare function npm(args: readonly string[], options?: RunOptions): Promise<{ code: number; output: string }>;
