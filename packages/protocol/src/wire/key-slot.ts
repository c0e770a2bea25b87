// Which of the 16,384 slots of a Redis Cluster a key is in: CRC-16 (XMODEM) of its hash tag, or of all of it.

const slotCount = 16_384;
const polynomial = 0x1021;

export function keySlot(key: string): number {
  let crc = 0;
  for (const byte of new TextEncoder().encode(hashedPart(key))) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ polynomial : crc << 1;
    crc &= 0xffff;
  }
  return crc % slotCount;
}

/** What stands between the first brace and the next closing one, unless that is nothing. */
function hashedPart(key: string): string {
  const open = key.indexOf('{');
  const close = key.indexOf('}', open + 1);
  return open === -1 || close <= open + 1 ? key : key.slice(open + 1, close);
}
