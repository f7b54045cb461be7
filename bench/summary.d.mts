export interface Figures {
  readonly seconds: number;
  readonly cpu?: number | undefined;
  readonly peak?: number | undefined;
  readonly uploaded?: number | undefined;
  readonly requests?: number | undefined;
}

export interface Pair {
  readonly restic: Figures;
  readonly ours: Figures;
}

export interface Result extends Pair {
  readonly pairs: number;
  readonly ratio: number;
  readonly bytesRatio?: number | undefined;
  readonly rounds: readonly Pair[];
}

/** Ratios to restic, of memory bytes. */
export interface Targets {
  readonly time?: number;
  readonly timeOnNode20?: number;
  readonly bytes?: number;
  readonly peak?: number;
}

export interface Judgement {
  readonly what: 'time' | 'bytes' | 'peak';
  readonly restic: number | undefined;
  readonly ours: number | undefined;
  readonly ratio: number | undefined;
  readonly target: number | undefined;
  readonly isMet: boolean | undefined;
}

export declare function summarise(rounds: readonly Pair[]): Result;
export declare function judge(question: { readonly targets: Targets }, result: Result, major: number): Judgement[];
