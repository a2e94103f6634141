import fc from 'fast-check';

/** One change of some bytes. */
interface Damage {
  readonly at: number;
  readonly removed: number;
  readonly inserted: Buffer;
}

/** What formats take for a sign, half of one, or for no text at all. */
const SIGNS = [
  ...'{ } [ ] ( ) , : = " \' \\ # & * ! | > % @ ` - ? << ... --- \\u \\ud800 1e999'.split(' '),
  ...[' ', '\t', '\r', '\n', '\n  ', '\0', '\uFEFF', '\ufffd', '&a ', '*a '],
].map((sign) => Buffer.from(sign));

const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.nat(5000),
  removed: fc.nat(4),
  inserted: fc.oneof(
    fc.constantFrom(...SIGNS),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  ),
});

/** These bytes with up to three changes. */
export function damagedBytes(bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(bytes, fc.array(damage, { minLength: 1, maxLength: 3 }))
    .map(([whole, damages]) => damages.reduce(damaged, whole));
}

function damaged(content: Buffer, { at, removed, inserted }: Damage): Buffer {
  const place = at % (content.length + 1);
  return Buffer.concat([content.subarray(0, place), inserted, content.subarray(place + removed)]);
}
