export declare function alignTable(rows: readonly (readonly string[])[], words: number): string;
export declare function markdownTable(rows: readonly (readonly string[])[], words: number): string;
export declare function writeBetween(page: string, name: string, content: string): void;
