import {ApiError} from '../api/errors.ts';
import {type Clause, parseAccept, takes} from './accept.ts';

/** In the order of preference where the client has none. */
const mediaTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'] as const;
export type MediaType = (typeof mediaTypes)[number];

const conversions = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'] as const;
export type Conversion = (typeof conversions)[number];

/** In which form an answer is sent. */
export type Representation = {
  readonly mediaType: MediaType;
  readonly as?: Conversion;
  /** The version of meta.k8s.io in which the conversion is wanted; there whenever `as` is. */
  readonly asVersion?: 'v1' | 'v1beta1';
  /** Indented, JSON only. */
  readonly pretty: boolean;
};

export type Offer = {
  /** Whole objects of this kind can be sent as protobuf; not when absent. Metadata alone always can. */
  readonly protobuf?: boolean;
  /** The header of that name; people's tools get indented JSON. */
  readonly userAgent?: string | undefined;
  /** The query parameter of that name, which decides if it is there. */
  readonly pretty?: string | null | undefined;
};

/**
 * What an Accept header asks for, out of what is offered (spec kubernetes-api 1.7): the first clause by `q` that can be met.
 * Whether a conversion fits the verb is for the caller to check. @throws ApiError NotAcceptable
 */
export function negotiate(accept: string | undefined, offer: Offer): Representation {
  const pretty = wantsPretty(offer);
  if (!accept) return {mediaType: 'application/json', pretty};
  for (const clause of parseAccept(accept)) {
    for (const mediaType of mediaTypes) {
      if (!takes(clause, mediaType) || clause.foreign) continue;
      const found = represent(clause, mediaType, offer, pretty || clause.pretty);
      if (found) return found;
    }
  }
  throw new ApiError('NotAcceptable', `only the following media types are accepted: ${mediaTypes.join(', ')}`);
}

function represent(clause: Clause, mediaType: MediaType, offer: Offer, pretty: boolean): Representation | undefined {
  const protobuf = mediaType === 'application/vnd.kubernetes.protobuf';
  if (clause.as === '') return protobuf && offer.protobuf !== true ? undefined : {mediaType, pretty};
  const as = conversions.find(conversion => conversion === clause.as);
  const {group, version} = clause;
  if (!as || group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  return protobuf && as === 'Table' ? undefined : {mediaType, as, asVersion: version, pretty};
}

const trueWords = ['1', 't', 'T', 'true', 'True', 'TRUE'];

function wantsPretty({pretty, userAgent}: Offer): boolean {
  if (pretty) return trueWords.includes(pretty);
  return userAgent !== undefined && /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent);
}

/** Whether failures are told in protobuf: they are never converted, and JSON is right for whoever accepts neither. */
export function wantsProtobufErrors(accept: string | undefined): boolean {
  if (!accept) return false;
  for (const clause of parseAccept(accept)) {
    if (clause.as !== '' || clause.foreign) continue;
    const first = mediaTypes.find(mediaType => takes(clause, mediaType));
    if (first) return first === 'application/vnd.kubernetes.protobuf';
  }
  return false;
}

/** Whether `/api` and `/apis` are wanted as one aggregated document rather than as lists of groups (spec kubernetes-api 7.2). */
export function wantsAggregatedDiscovery(accept: string | undefined): boolean {
  if (!accept) return false;
  for (const clause of parseAccept(accept)) {
    if (!takes(clause, 'application/json')) continue;
    if (clause.as === '') return false;
    if (clause.as === 'APIGroupDiscoveryList' && clause.group === 'apidiscovery.k8s.io' && clause.version === 'v2') return true;
  }
  return false;
}

/** The type of a body that is no patch; JSON when nothing is said. @throws ApiError UnsupportedMediaType */
export const requestType = (contentType: string | undefined): MediaType => typeAmong(contentType || 'application/json', mediaTypes);

const commonPatchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'] as const;
const patchTypes = [...commonPatchTypes, 'application/strategic-merge-patch+json'] as const;
export type PatchType = (typeof patchTypes)[number];

/**
 * The type of a patch; `strategic` where it is known how the kind merges, as it is of no kind that a workspace alone has (spec
 * kubernetes-api 3.5). @throws ApiError UnsupportedMediaType
 */
export const patchType = (contentType: string | undefined, strategic: boolean): PatchType =>
  typeAmong<PatchType>(contentType ?? '', strategic ? patchTypes : commonPatchTypes);

/** Parameters such as a charset do not matter. */
function typeAmong<T extends string>(contentType: string, accepted: readonly T[]): T {
  const semicolon = contentType.indexOf(';');
  const plain = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  const found = accepted.find(type => type === plain);
  if (found) return found;
  const list = accepted.join(', ');
  throw new ApiError('UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${list}`);
}
