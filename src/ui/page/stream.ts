/** The stream of views. A cut is bridged; an end is told. */
import type { View } from '../protocol.js';

export interface StreamEvents {
  readonly onView: (view: View) => void;
  /** The command has ended, or cannot be reached any more. */
  readonly onEnd: () => void;
}

const RETRY_MS = 1_000;
/** A sleeping PC or a reload is back within that many tries. */
const TRIES = 4;

export function openStream({ onView, onEnd }: StreamEvents): void {
  let failures = 0;
  let last: View | undefined;
  const connect = (): void => {
    const source = new EventSource('/api/events');
    source.onmessage = ({ data }: MessageEvent<string>) => {
      failures = 0;
      last = JSON.parse(data) as View;
      onView(last);
    };
    source.onerror = () => {
      // Its own retry would go on for ever.
      source.close();
      failures += 1;
      if (last?.view === 'end' || failures >= TRIES) onEnd();
      else setTimeout(connect, RETRY_MS);
    };
  };
  connect();
}
