// The frames of a Phoenix socket, as Realtime speaks them: vsn 1.0.0 (objects), 2.0.0 (arrays, and binary broadcasts).
// Pure. Text that comes from PostgreSQL is put into a frame as it is, never parsed: its numbers may be too long for
// JavaScript, and its spelling is part of what is recorded.
//
//   kind 3, client to server: kind, 5 lengths (join ref, ref, topic, event, metadata), encoding; the texts; the payload
//   kind 4, server to client: kind, 3 lengths (topic, event, metadata), encoding; the texts; the payload

export type Vsn = '1.0.0' | '2.0.0';

export interface OutgoingFrame {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  /** JSON. */
  readonly payload: string;
}

export interface Broadcast {
  readonly topic: string;
  readonly event: string;
  /** JSON text, or the bytes of a binary message. */
  readonly payload: string | Buffer;
  /** JSON text. */
  readonly meta?: string | undefined;
}

export type IncomingFrame =
  | {
      readonly kind: 'message';
      readonly joinRef: string | null;
      readonly ref: string | null;
      readonly topic: string;
      readonly event: string;
      readonly payload: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'broadcast';
      readonly joinRef: string | null;
      readonly ref: string | null;
      readonly broadcast: Broadcast;
    }
  | { readonly kind: 'unreadable' };

const userBroadcastPush = 3;
const userBroadcast = 4;
const jsonEncoding = 1;
const binaryEncoding = 0;
const maxNameBytes = 255;

export function encodeFrame(vsn: Vsn, frame: OutgoingFrame): string {
  const { joinRef, ref, topic, event, payload } = frame;
  const quoted = JSON.stringify(topic);
  if (vsn === '1.0.0') {
    return `{"event":${JSON.stringify(event)},"payload":${payload},"ref":${JSON.stringify(ref)},"topic":${quoted}}`;
  }
  return `[${JSON.stringify(joinRef)},${JSON.stringify(ref)},${quoted},${JSON.stringify(event)},${payload}]`;
}

/** A binary frame, or text for vsn 1.0.0, whose clients cannot be sent bytes: undefined for a payload of bytes there. */
export function encodeBroadcast(vsn: Vsn, broadcast: Broadcast): string | Buffer | undefined {
  const { topic, event, payload, meta } = broadcast;
  const topicBytes = Buffer.from(topic);
  const eventBytes = Buffer.from(event);
  const metaBytes = Buffer.from(meta ?? '');
  const fits = [topicBytes, eventBytes, metaBytes].every((bytes) => bytes.length <= maxNameBytes);
  if (vsn === '2.0.0' && fits) {
    const isText = typeof payload === 'string';
    return Buffer.concat([
      Buffer.from([
        userBroadcast,
        topicBytes.length,
        eventBytes.length,
        metaBytes.length,
        isText ? jsonEncoding : binaryEncoding,
      ]),
      topicBytes,
      eventBytes,
      metaBytes,
      isText ? Buffer.from(payload) : payload,
    ]);
  }
  if (typeof payload !== 'string') return undefined;
  return encodeFrame(vsn, {
    joinRef: null,
    ref: null,
    topic,
    event: 'broadcast',
    payload: broadcastPayload(broadcast, payload),
  });
}

/** The payload of a broadcast as text, its fields in the order of the real server. */
export function broadcastPayload(broadcast: Pick<Broadcast, 'event' | 'meta'>, payload: string): string {
  const meta = broadcast.meta === undefined ? '' : `"meta":${broadcast.meta},`;
  return `{"event":${JSON.stringify(broadcast.event)},${meta}"payload":${payload},"type":"broadcast"}`;
}

/** Whatever a client sends: nothing is trusted, and what is no frame is `unreadable`. */
export function decodeFrame(vsn: Vsn, data: string | Buffer): IncomingFrame {
  if (typeof data !== 'string') return decodeBinary(data);
  const parsed = parseJson(data);
  const fields =
    vsn === '2.0.0' && Array.isArray(parsed)
      ? { join_ref: parsed[0], ref: parsed[1], topic: parsed[2], event: parsed[3], payload: parsed[4] }
      : parsed;
  if (!isRecord(fields)) return { kind: 'unreadable' };
  const { topic, event } = fields;
  if (typeof topic !== 'string' || typeof event !== 'string') return { kind: 'unreadable' };
  return {
    kind: 'message',
    joinRef: textOrNull(fields['join_ref']),
    ref: textOrNull(fields['ref']),
    topic,
    event,
    payload: isRecord(fields['payload']) ? fields['payload'] : {},
  };
}

function decodeBinary(data: Buffer): IncomingFrame {
  const headerBytes = 7;
  if (data.length < headerBytes || data[0] !== userBroadcastPush) return { kind: 'unreadable' };
  let offset = headerBytes;
  const take = (lengthAt: number): string => {
    const end = offset + data.readUInt8(lengthAt);
    const text = data.toString('utf8', offset, end);
    offset = end;
    return text;
  };
  const [joinRef, ref, topic, event] = [take(1), take(2), take(3), take(4)];
  // Metadata asks for storage of the message, which this gateway does not do; it is read to find the payload.
  take(5);
  const isText = data[6] === jsonEncoding;
  const bytes = data.subarray(offset);
  if (offset > data.length || (isText && parseJson(bytes.toString('utf8')) === undefined)) {
    return { kind: 'unreadable' };
  }
  return {
    kind: 'broadcast',
    joinRef: joinRef === '' ? null : joinRef,
    ref: ref === '' ? null : ref,
    broadcast: { topic, event, payload: isText ? bytes.toString('utf8') : Buffer.from(bytes) },
  };
}

/** @returns undefined for what is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
