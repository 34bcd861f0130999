import type {JsonObject} from '../api/json.ts';
import type {Deps} from './deps.ts';
import type {HttpReply} from './http.ts';

/** Where others learn how to verify tokens of service accounts; the same in every workspace (spec kubernetes-api 7.6). */
export const openIdPaths = ['/.well-known/openid-configuration', '/openid/v1/jwks'] as const;

/** One of these documents; undefined for another path. */
export async function openIdDocument({accounts, about}: Deps, path: string): Promise<HttpReply | undefined> {
  switch (path) {
    case openIdPaths[0]: {
      const keys = await accounts.publicKeys();
      return reply('application/json', {
        issuer: accounts.issuer,
        jwks_uri: `https://${about.address()}${openIdPaths[1]}`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [...new Set(keys.map(({alg}) => alg))],
      });
    }
    case openIdPaths[1]:
      return reply('application/jwk-set+json', {keys: [...(await accounts.publicKeys())]});
    default:
      return undefined;
  }
}

const reply = (contentType: string, document: JsonObject): HttpReply => ({
  status: 200,
  headers: {'content-type': contentType, 'cache-control': 'public, max-age=3600'},
  body: Buffer.from(JSON.stringify(document)),
});
