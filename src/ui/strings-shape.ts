/** What every language must have: the same keys, and both forms where a number decides. */
export type Translation<Table> = {
  readonly [Key in keyof Table]: Table[Key] extends string ? string : { readonly one: string; readonly other: string };
};
