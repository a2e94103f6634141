/** The end of a line. */
const LF = 0x0a;

/** Bytes that are kept between two lines; a longer line gives its memory back. */
const KEPT = 256 * 1024;

/** What a framer passes on. */
export interface Frame {
  /**
   * Whole lines, each with its end; or, if partial, the start or a middle part of one line, without an end.
   * It is only good until the call that passes it on returns.
   */
  readonly data: Buffer;
  /** Whether the line goes on in the next frame. */
  readonly partial: boolean;
}

/**
 * Makes whole lines out of a stream of bytes that is cut anywhere. A line ends with LF; every other byte is
 * content, CR and NUL too.
 */
export class LineFramer {
  readonly #longest: number;
  readonly #emit: (frame: Frame) => void;
  /** The line that has no end yet, in front of unused room. */
  #held = Buffer.alloc(0);
  #length = 0;

  /**
   * @param longest - how many bytes a line may have without its end, 4 or more; a longer one is passed on in
   * parts, none of which ends within a character of UTF-8
   */
  constructor(longest: number, emit: (frame: Frame) => void) {
    this.#longest = longest;
    this.#emit = emit;
  }

  /** Takes the next bytes; they may be overwritten afterwards. */
  push(chunk: Buffer): void {
    for (let from = 0; from < chunk.length; from += this.#longest) {
      this.#pushSome(chunk.subarray(from, from + this.#longest));
    }
  }

  /** The stream is over, or somebody else's begins: the line that has no end gets one. */
  end(): void {
    if (this.#length === 0) return;
    this.#hold(Buffer.of(LF));
    this.#emitHeld(false);
  }

  /** @param some - not more than the longest line */
  #pushSome(some: Buffer): void {
    let rest = some;
    for (let cut = this.#cutAt(rest); cut !== null; cut = this.#cutAt(rest)) {
      this.#hold(rest.subarray(0, cut));
      rest = rest.subarray(cut);
      this.#emitPart();
    }
    const end = rest.lastIndexOf(LF) + 1;
    if (end > 0) this.#emitLines(rest.subarray(0, end));
    this.#hold(rest.subarray(end));
  }

  /** How many bytes still fit into the line that is too long; null if it is not. */
  #cutAt(next: Buffer): number | null {
    if (this.#length + next.length <= this.#longest) return null;
    const end = next.indexOf(LF);
    const length = this.#length + (end < 0 ? next.length : end);
    return length > this.#longest ? this.#longest - this.#length : null;
  }

  #emitPart(): void {
    const held = this.#held.subarray(0, this.#length);
    const end = held.length - unfinishedCharacter(held);
    const carried = held.subarray(end);
    this.#length = end;
    this.#emitHeld(true);
    this.#hold(carried);
  }

  #emitLines(lines: Buffer): void {
    if (this.#length === 0) {
      this.#emit({ data: lines, partial: false });
      return;
    }
    this.#hold(lines);
    this.#emitHeld(false);
  }

  #emitHeld(partial: boolean): void {
    this.#emit({ data: this.#held.subarray(0, this.#length), partial });
    this.#length = 0;
    if (this.#held.length > KEPT) this.#held = Buffer.alloc(0);
  }

  /** Twice the room each time it is too small, so that a line that comes byte by byte is seldom copied. */
  #hold(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#held.length) {
      const twice = Math.min(2 * this.#held.length, this.#longest);
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, twice));
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#length);
    this.#length = needed;
  }
}

/** How many bytes at the end are the start of a character of UTF-8 that is not complete: 0 to 3. */
function unfinishedCharacter(bytes: Buffer): number {
  for (let count = 1; count <= 3; count += 1) {
    const byte = bytes[bytes.length - count] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return count < lengthOfCharacter(byte) ? count : 0;
  }
  return 0;
}

/** By its first byte. */
function lengthOfCharacter(first: number): number {
  if (first >= 0xf0) return 4;
  return first >= 0xe0 ? 3 : 2;
}
