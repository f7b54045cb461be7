/** Whether the programs are there now; otherwise why not, in one line. */
export type Prepared = { readonly ready: true } | { readonly ready: false; readonly reason: string };
export declare const peersFolder: string;
export declare function preparePeers(): Promise<Prepared>;
