import type { Prepared } from './peers.mjs';

export declare const windowsNode: string;
export declare const wineEnv: Readonly<Record<string, string>>;
export declare function winePath(): string | undefined;
export declare function prepareWine(): Promise<Prepared>;
