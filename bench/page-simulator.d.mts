export class PageFile {
  readonly bytes: Buffer;
  constructor(options: { readonly seed: number; readonly pageSize?: number; readonly rows?: number });
  insert(rows: number): void;
  update(rows: number, places: number): void;
}
