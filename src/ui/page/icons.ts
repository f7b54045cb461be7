/** The few drawings of the page, as paths of lines. */
import { drawing } from './dom.js';

const PATHS = {
  pc: 'M4 5h16v11H4zM9 20h6M12 16v4',
  cloud: 'M7 18a4 4 0 0 1-.5-7.97 5.5 5.5 0 0 1 10.7-1.2A4.6 4.6 0 0 1 17 18z',
  both: 'M8 8h12v12H8zM4 16V4h12',
  world: 'M12 3 4 7.2v9.6L12 21l8-4.2V7.2zM4 7.2l8 4.2 8-4.2M12 11.4V21',
  folder: 'M3 6h6l2 2.5h10V19H3z',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  done: 'M4 12.5 9.5 18 20 6.5',
  warning: 'M12 4 2.5 20h19zM12 10v4.5M12 17.2v.3',
  failed: 'M6 6l12 12M18 6 6 18',
  wait: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5.2l3.4 2',
  up: 'M12 20V5M6 11l6-6 6 6',
  down: 'M12 4v15M6 13l6 6 6-6',
  history: 'M4 12a8 8 0 1 0 2.6-5.9M4 4v4.5h4.5M12 8v4.4l3 1.8',
  undo: 'M8 5 4 9l4 4M4 9h9.5a5.5 5.5 0 0 1 0 11H8',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5.5M14 11v5.5',
  off: 'M12 3v9M6.3 7a8 8 0 1 0 11.4 0',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  save: 'M12 4v11M7 10.5l5 5 5-5M4 20h16',
  print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
  next: 'M9 5l7 7-7 7',
  back: 'M15 5l-7 7 7 7',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z',
  add: 'M12 5v14M5 12h14',
  key: 'M8.5 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11.5 12.5 20 4M16 8l3 3',
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName, className = ''): SVGSVGElement {
  return drawing(PATHS[name], className);
}
