import type {FieldError, StatusCause} from './field-error.ts';
import {causes, summary} from './field-error.ts';

/** HTTP code by reason (spec kubernetes-api 1.4). An empty reason is an error Kubernetes sends without one. */
const codes = {
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  Invalid: 422,
  BadRequest: 400,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  '': 500,
} as const;

export type Reason = keyof typeof codes;

export type StatusDetails = {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
};

/** A metav1.Status as it travels. */
export type Status = {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: {continue?: string};
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
};

/** A group and its plural, or its kind: what error texts name. */
export type GroupResource = {readonly group: string; readonly resource: string};

/** `configmaps`, `widgets.example.com`. */
export const printGroupResource = (gr: GroupResource): string => (gr.group ? `${gr.resource}.${gr.group}` : gr.resource);

/** The world's failures: everything a client may be told. Whatever else is thrown is our own mistake. */
export class ApiError extends Error {
  readonly reason: Reason;
  readonly code: number;
  readonly details: StatusDetails | undefined;
  /** A token to go on with after an expired page (spec kubernetes-api 4.1). */
  readonly continueToken: string | undefined;

  /** `code` where it does not follow from the reason: the words of a webhook. */
  constructor(reason: Reason, message: string, details?: StatusDetails, continueToken?: string, code: number = codes[reason]) {
    super(message);
    this.reason = reason;
    this.code = code;
    this.details = details;
    this.continueToken = continueToken;
  }
}

/** The Status a client sees. An unknown error tells nothing; the caller logs it whole. */
export function toStatus(err: unknown): Status {
  const known = err instanceof ApiError ? err : new ApiError('InternalError', 'Internal error occurred: internal error');
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: known.continueToken === undefined ? {} : {continue: known.continueToken},
    status: 'Failure',
    message: known.message,
    ...(known.reason && {reason: known.reason}),
    ...(known.details && {details: known.details}),
    code: known.code,
  };
}

const about = (gr: GroupResource, name?: string): StatusDetails => ({
  ...(name && {name}),
  ...(gr.group && {group: gr.group}),
  kind: gr.resource,
});

export const badRequest = (message: string): ApiError => new ApiError('BadRequest', message);

export const notFound = (gr: GroupResource, name: string): ApiError =>
  new ApiError('NotFound', `${printGroupResource(gr)} "${name}" not found`, about(gr, name));

/** What a path below a known API root answers when nothing is there (spec kubernetes-api 1.1.11). */
export const noSuchResource = (): ApiError => new ApiError('NotFound', 'the server could not find the requested resource', {});

export const alreadyExists = (gr: GroupResource, name: string, deleting: boolean): ApiError =>
  new ApiError(
    'AlreadyExists',
    `${deleting ? 'object is being deleted: ' : ''}${printGroupResource(gr)} "${name}" already exists`,
    about(gr, name),
  );

export const conflict = (gr: GroupResource, name: string, why: string): ApiError =>
  new ApiError('Conflict', `Operation cannot be fulfilled on ${printGroupResource(gr)} "${name}": ${why}`, about(gr, name));

export const staleObject = 'the object has been modified; please apply your changes to the latest version and try again';

/** Forbidden; without a name the text speaks of the resource as a whole. */
export function forbidden(gr: GroupResource, name: string, why: string, extra: StatusDetails = {}): ApiError {
  const subject = gr.resource ? `${printGroupResource(gr)}${name ? ` "${name}"` : ''} is forbidden` : 'forbidden';
  return new ApiError('Forbidden', `${subject}: ${why}`, {...about(gr, name), ...extra});
}

/** How many mistakes one answer tells about: a body of bad labels must not become an answer many times its size. */
const fieldErrorsMax = 200;

/** Invalid: `kind` is the Kind (not the plural), as Kubernetes prints it for field errors. */
export function invalid(group: string, kind: string, name: string, all: readonly FieldError[]): ApiError {
  const errors = all.slice(0, fieldErrorsMax);
  const subject = group ? `${kind}.${group}` : kind;
  return new ApiError('Invalid', `${subject} "${name}" is invalid: ${summary(errors)}`, {
    ...(name && {name}),
    ...(group && {group}),
    ...(kind && {kind}),
    causes: causes(errors),
  });
}

export const methodNotAllowed = (message = 'the server does not allow this method on the requested resource'): ApiError =>
  new ApiError('MethodNotAllowed', message, {});

export const expired = (message: string, continueToken?: string): ApiError => new ApiError('Expired', message, undefined, continueToken);

/** A revision from the future (spec kubernetes-api 3.2). */
export const tooLargeRevision = (wanted: number | string, current: number): ApiError =>
  new ApiError('Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{reason: 'ResourceVersionTooLarge', message: 'Too large resource version'}],
    retryAfterSeconds: 1,
  });

export const tooLarge = (message: string): ApiError => new ApiError('RequestEntityTooLarge', message);
