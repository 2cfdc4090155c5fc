/** How to reach an API server and who one is there. */
export interface ClusterAccess {
  /** For example `https://10.0.0.1:6443`; may have a path. */
  readonly server: string
  /** Namespace of the pod, or of the kubeconfig's context. */
  readonly namespace: string
  readonly proxyUrl: string | undefined
  /** What to show the API server now. Cheap: asked before every request. */
  credentials(): Promise<Credentials>
  /** Forgets what is cached, because the API server refused it. */
  invalidate(): void
}

export interface Credentials {
  /** `Authorization`, `Impersonate-User`. */
  headers: Record<string, string>
  tls: TlsOptions
}

export interface TlsOptions {
  ca?: string | Buffer
  cert?: string | Buffer
  key?: string | Buffer
  servername?: string
  rejectUnauthorized?: boolean
}

/** How long credentials from files are used before the files are read again. */
export const CREDENTIALS_TTL_MS = 60_000
