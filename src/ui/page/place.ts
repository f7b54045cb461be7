/** Where in the home window one is, as the fragment of its address: "#/history?instance=…". */

export interface Place {
  readonly page: 'status' | 'history' | 'inside' | 'setup';
  readonly instance: string;
  readonly version: string;
  /** Of the version, to be told. */
  readonly time: string;
  readonly path: string;
  readonly world: string;
}

const PAGES: readonly Place['page'][] = ['status', 'history', 'inside', 'setup'];

/** What is not a place is the overview. */
export function parsePlace(fragment: string): Place {
  const [page = '', query = ''] = fragment.replace(/^#\/?/, '').split('?');
  const values = new URLSearchParams(query);
  const get = (key: string): string => values.get(key) ?? '';
  return {
    page: PAGES.find((known) => known === page) ?? 'status',
    instance: get('instance'),
    version: get('version'),
    time: get('time'),
    path: get('path'),
    world: get('world'),
  };
}

export function placeOf(page: Place['page'], values: Partial<Omit<Place, 'page'>> = {}): string {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== '')).toString();
  return page === 'status' ? '#/' : `#/${page}${query === '' ? '' : `?${query}`}`;
}
