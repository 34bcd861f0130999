/** What a client may cost before it is sent away. Tests make some of them shorter. */
export const listenLimits = {
  connectionsMax: 10_000,
  handshakeMsMax: 10_000,
  /** From the first byte of an HTTP/1.1 request to the end of its headers. */
  headersMsMax: 15_000,
  /** From the first byte of an HTTP/1.1 request to the end of its body. */
  requestMsMax: 60_000,
  /** How often the two are looked at. */
  checkMs: 2000,
  bodyMsMax: 30_000,
  /** Without a request, a connection is ended after this; with one, only if bytes wait that nobody takes. */
  idleMsMax: 120_000,
  /** A reply whose client takes none of it for so long is broken off. */
  stalledMsMax: 60_000,
  headerBytesMax: 64 * 1024,
  headerPairsMax: 256,
  streamsPerConnectionMax: 250,
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 4 * 1024 * 1024,
  /** What waits for a client that is slow, over all its streams (a paced answer has 1 MiB waiting); beyond it, further streams are refused. */
  sessionMemoryMiBMax: 256,
  /** Streams a client may open and reset: so many at once, then so many a second. */
  resetsBurstMax: 500,
  resetsPerSecondMax: 50,
  invalidFramesMax: 50,
  rejectedStreamsMax: 100,
  /** The largest message of a client over a WebSocket, which has nothing to say there. */
  webSocketMessageBytesMax: 64 * 1024,
  /** The frames such a message may be cut into. */
  webSocketFragmentsMax: 64,
  /** The pieces in which bytes of one frame may arrive. */
  webSocketChunksMax: 1024,
  /** How long requests under way may take to end once the listener closes. */
  closeGraceMs: 500,
} as const;

export type Limits = {readonly [name in keyof typeof listenLimits]: number};
