// What the gateway answers instead of what was asked for, in the shape that clients of OpenAI's API read.
import { TidemarkError } from '@tidemark/protocol';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

export class Refusal extends Error {
  readonly status: ContentfulStatusCode;
  readonly code: string;

  constructor(status: ContentfulStatusCode, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface RefusalBody {
  readonly error: { readonly message: string; readonly type: string; readonly code: string };
}

/** By `code`: what the caller can do something about. Everything else is an error of ours, and says no more than that. */
const statusByCode: Readonly<Record<string, ContentfulStatusCode>> = {
  INPUT_INVALID: 400,
  PROVIDER_UNKNOWN: 400,
  LOCAL_PROVIDER_MISSING: 403,
  CONVERSATION_WRITE_REFUSED: 403,
  CONVERSATION_NOT_FOUND: 404,
  PATH_NOT_FOUND: 404,
  MESSAGE_NOT_FOUND: 404,
  MESSAGE_NOT_ON_PATH: 409,
  PATH_IS_ARCHIVED: 409,
  SOURCE_FAILED: 503,
};

export function refuse(error: unknown): {
  readonly status: ContentfulStatusCode;
  readonly body: RefusalBody;
} {
  if (error instanceof Refusal) return describe(error.status, error.code, error.message);
  if (error instanceof TidemarkError) {
    const status = statusByCode[error.code] ?? 500;
    return describe(status, error.code, status === 500 ? 'the gateway failed' : error.message);
  }
  return describe(500, 'INTERNAL', 'the gateway failed');
}

function describe(
  status: ContentfulStatusCode,
  code: string,
  message: string,
): { readonly status: ContentfulStatusCode; readonly body: RefusalBody } {
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  return { status, body: { error: { message, type, code } } };
}
