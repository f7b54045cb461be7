/** The real page server with a fake desk behind it. */
import type { View } from '../../../src/ui/protocol.js';
import { startWindowServer } from '../../../src/ui/server/window-server.js';
import type { PageWindow } from '../../../src/ui/server/window-types.js';
import { createFakeDesk, type FakeOptions } from './fake-desk.js';
import { worldPicture } from './picture.js';

export function startFakeWindow(
  view: View,
  options: FakeOptions = {},
): Promise<{ window: PageWindow; writes: readonly string[] }> {
  const desk = createFakeDesk(options);
  const icon = async (id: string): Promise<Uint8Array | undefined> =>
    /^icon-\d+$/.test(id) ? worldPicture(Number(id.slice(5))) : undefined;
  return startWindowServer({ handlers: desk.handlers, view, icon }).then((window) => ({ window, writes: desk.writes }));
}
