/** What is known of one connection, found out once when it opens. */
import type {TLSSocket} from 'node:tls';
import type {PeerIdentity} from '../server/http.ts';
import {subjectOf} from './certificate.ts';

export type Connection = {
  readonly remoteAddress: string;
  readonly identity: PeerIdentity | undefined;
  /** When the identity's certificate ends, in ms since the epoch: connections may outlive it. */
  readonly identityEndsMs: number;
  /** Whether the peer showed a certificate, believed or not. */
  readonly showed: boolean;
  /** Requests under way. */
  open: number;
  /** Ends with the reply under way: its certificates were replaced, or the server closes. */
  leaving: boolean;
};

/**
 * The connection of a socket whose handshake is done. `authorized` is all that tells a certificate our CA signed from one that anybody made: without it
 * there is no identity. OpenSSL has checked chain, dates and the purpose (client authentication) by then.
 */
export function connectionOf(socket: TLSSocket, clientCa: string | undefined): Connection {
  const shown = socket.getPeerX509Certificate();
  const certificate = clientCa !== undefined && socket.authorized ? shown : undefined;
  const subject = certificate && subjectOf(certificate.raw);
  return {
    remoteAddress: socket.remoteAddress ?? '',
    identity: subject && {
      commonName: subject.commonName,
      organizations: subject.organizations ?? [],
      ...(subject.uid !== undefined && {uid: subject.uid}),
    },
    showed: shown !== undefined,
    identityEndsMs: certificate?.validToDate.getTime() ?? 0,
    open: 0,
    leaving: false,
  };
}

/** Who the peer is, as long as its certificate is valid. */
export const peerOf = (connection: Connection): PeerIdentity | undefined =>
  connection.identity !== undefined && Date.now() < connection.identityEndsMs ? connection.identity : undefined;
