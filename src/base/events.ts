/** What a long operation tells while it runs. The library only reports; drawing is the caller's. */

export type Phase = 'waiting' | 'connecting' | 'scanning' | 'uploading' | 'comparing' | 'downloading' | 'applying';

export interface ProgressEvent {
  readonly type: 'progress';
  readonly phase: Phase;
  /** Files and bytes done and, once known, in all. */
  readonly filesDone: number;
  readonly filesTotal?: number;
  readonly bytesDone: number;
  readonly bytesTotal?: number;
}

/** Something the player should know, which did not stop the work. */
export interface WarningEvent {
  readonly type: 'warning';
  readonly code: string;
  readonly message: string;
}

export type SyncEvent = ProgressEvent | WarningEvent;
export type OnEvent = (event: SyncEvent) => void;
