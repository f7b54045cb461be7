import type { Plugin } from 'vite';

export declare function viteVirtualModules(): Plugin;
