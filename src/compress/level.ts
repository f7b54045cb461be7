/** As restic's default; on region files levels 1 to 3 give the same size. */
export const DEFAULT_LEVEL = 3;
