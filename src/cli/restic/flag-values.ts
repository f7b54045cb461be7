/** The values of flags after parsing, by name. Asking for a flag that the command has not is a mistake of ours. */
export interface FlagValues {
  /** Whether the flag was given (or its variable set), as opposed to its default. */
  given(name: string): boolean;
  bool(name: string): boolean;
  count(name: string): number;
  /** undefined where neither given nor of a default. */
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  /** For texts. */
  texts(name: string): readonly string[];
}
