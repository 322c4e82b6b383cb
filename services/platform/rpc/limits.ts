/** Bounds on what a stranger can make the server do before anybody knows who it is. */
export interface RpcLimits {
  /** Bytes of one request message, decompressed. */
  readonly maxMessageBytes: number;
  /** Bytes of a request's headers together. */
  readonly maxHeaderBytes: number;
  /** Open calls on one HTTP/2 connection. */
  readonly maxConcurrentStreams: number;
  /** Open connections. */
  readonly maxConnections: number;
  /** Milliseconds in which a new connection must show which protocol it speaks, and finish its handshake. */
  readonly handshakeMs: number;
  /** Milliseconds in which an HTTP/1.1 request's headers must be complete. */
  readonly headersMs: number;
  /** Milliseconds after which a caller who takes nothing of its answer from the wire is given up. */
  readonly stallMs: number;
}

/** The bounds that hold where the start-up names no others. */
export const defaultLimits: RpcLimits = {
  maxMessageBytes: 1024 * 1024,
  maxHeaderBytes: 32 * 1024,
  maxConcurrentStreams: 256,
  maxConnections: 2_000,
  handshakeMs: 5_000,
  headersMs: 10_000,
  stallMs: 30_000,
};
