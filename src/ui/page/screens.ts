/** Which screen shows what the server says. */
import type { View } from '../protocol.js';
import { conflictScreen } from './conflict.js';
import type { Context, Screen } from './context.js';
import { endScreen } from './end.js';
import { historyScreen } from './history.js';
import { insideScreen } from './inside.js';
import { parsePlace } from './place.js';
import { progressScreen } from './progress.js';
import { deletionScreen, relocationScreen } from './questions.js';
import { setupScreen } from './setup.js';
import { statusScreen } from './status.js';

/** `fragment` is that of the address; it counts in the home window only. */
export function screenOf(context: Context, view: View, fragment: string): Screen {
  switch (view.view) {
    case 'home':
      return homeScreen(context, fragment, view.start);
    case 'progress':
      return progressScreen(context, view);
    case 'conflict':
      return conflictScreen(context, view);
    case 'deletion':
      return deletionScreen(context, view);
    case 'relocation':
      return relocationScreen(context, view);
    case 'end':
      return endScreen(context, view);
  }
}

function homeScreen(context: Context, fragment: string, start: 'status' | 'setup'): Screen {
  const place = parsePlace(fragment === '' ? `#/${start}` : fragment);
  switch (place.page) {
    case 'status':
      return statusScreen(context);
    case 'history':
      return historyScreen(context, place);
    case 'inside':
      return insideScreen(context, place);
    case 'setup':
      return setupScreen(context);
  }
}
