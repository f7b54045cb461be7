/** Modules that the build makes (scripts/plugins.mjs); they exist for the bundles and for the tests. */

declare module 'virtual:worker-source' {
  /** The program of `src/worker/thread.ts` with all it needs, one CommonJS text for `new Worker(text, { eval: true })`. */
  export const workerSource: string;
}

declare module 'virtual:version' {
  /** As in package.json. */
  export const version: string;
}

declare module 'virtual:page-assets' {
  /** The page of the windows, made from `src/ui/page`: `/page.js`, `/page.css` and `/`. */
  export const script: string;
  export const style: string;
  export const html: string;
}
