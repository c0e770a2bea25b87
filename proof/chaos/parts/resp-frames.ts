// Finds where the frames of the Redis protocol (RESP2) end in a stream of bytes, and which of them are messages of
// pub/sub. Pure; never changes a byte.

const newline = 0x0a;
const carriageReturn = 0x0d;
const messageStart = Buffer.from('*3\r\n$7\r\nmessage\r\n');

/** @returns the length of the frame that starts at `from`, or undefined while it is incomplete */
export function frameLength(bytes: Buffer, from: number): number | undefined {
  const lineEnd = findLineEnd(bytes, from);
  if (lineEnd === undefined) return undefined;
  const head = lineEnd - from;
  const type = String.fromCodePoint(bytes[from] ?? 0);
  if (type !== '$' && type !== '*') return head;
  const size = Number(bytes.toString('latin1', from + 1, lineEnd - 2));
  if (size < 0) return head;
  if (type === '$') {
    const whole = head + size + 2;
    return from + whole <= bytes.length ? whole : undefined;
  }
  let length = head;
  for (let item = 0; item < size; item += 1) {
    const inner = frameLength(bytes, from + length);
    if (inner === undefined) return undefined;
    length += inner;
  }
  return length;
}

/** Whether the frame brings a published message, as opposed to a reply. */
export function isMessageFrame(frame: Buffer): boolean {
  return frame.subarray(0, messageStart.length).equals(messageStart);
}

/** Index behind the next CR LF. */
function findLineEnd(bytes: Buffer, from: number): number | undefined {
  const at = bytes.indexOf(newline, from);
  return at === -1 || bytes[at - 1] !== carriageReturn ? undefined : at + 1;
}
