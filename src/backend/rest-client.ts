/**
 * The HTTP client below a REST backend: connection pool, TLS, proxy. It is loaded by the first call only, since it is
 * heavy (0.1 s) and many programs that could use a server never do.
 */
import type { Dispatcher } from 'undici';

export interface ClientOptions {
  /** Base address with a slash at the end, without credentials. */
  readonly url: string;
  readonly connectTimeoutMs: number;
  readonly connections: number;
  readonly ca: string | undefined;
  /** PEM with certificate and key. */
  readonly clientCert: string | undefined;
  readonly insecureTls: boolean;
  readonly dispatcher: Dispatcher | undefined;
}

/** Loads the HTTP client and makes its pool of connections; the program's global dispatcher is never touched. */
export async function openClient(options: ClientOptions): Promise<Dispatcher> {
  if (options.dispatcher) return options.dispatcher;
  const undici = await import('undici');
  // No TCP keep-alive: the watchdog notices a dead line sooner, and node.exe under wine cannot connect with it.
  const socket = { timeout: options.connectTimeoutMs, keepAlive: false };
  const { ca, clientCert: pem, insecureTls } = options;
  const trust = { ...(ca !== undefined && { ca }), ...(insecureTls && { rejectUnauthorized: false }) };
  const tls = { ...socket, ...trust, ...(pem !== undefined && { cert: pem, key: pem }) };
  const common = { connections: options.connections, connect: tls, keepAliveTimeout: 10_000 };
  if (!wantsProxy(options.url)) return new undici.Agent(common);
  // Plain http goes to the proxy as such: many proxies allow a tunnel to port 443 only.
  const proxied = { ...common, requestTls: tls, proxyTls: socket, proxyTunnel: false };
  return new undici.EnvHttpProxyAgent(proxied);
}

/** As curl, Go and restic: never for this computer itself. The agent itself looks at NO_PROXY. */
function wantsProxy(url: string): boolean {
  const { hostname } = new URL(url);
  if (hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')) return false;
  const { env } = process;
  return ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'].some((name) => (env[name] ?? '') !== '');
}
