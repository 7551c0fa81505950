/** The header of a member of a tar (POSIX.1-1988 ustar, and the sizes of GNU tar that octal has no room for). */

/** Bytes of a header; a member's content fills whole blocks of it. */
export const TAR_BLOCK = 512;

/** `size` in bytes; `name` as the header has it, without what an extended header says. */
export type TarHeader = {
  readonly name: string;
  readonly size: number;
  /** `extension`: what it holds says more of the next member (pax, GNU long names). */
  readonly kind: 'file' | 'extension' | 'other';
};

const NAME = { from: 0, to: 100 } as const;
const SIZE = { from: 124, to: 136 } as const;
const CHECKSUM = { from: 148, to: 156 } as const;
const KIND = 156;

/** null: it is no header (the empty blocks at the end, say). */
export function tarHeaderOf(block: Buffer): TarHeader | null {
  if (!isTarHeader(block)) return null;
  const size = sizeIn(block);
  if (size === null) return null;
  const [name = ''] = block.toString('utf8', NAME.from, NAME.to).split('\0');
  return { name, size, kind: KINDS[String.fromCharCode(block[KIND] ?? 0)] ?? 'other' };
}

const KINDS: Readonly<Record<string, TarHeader['kind']>> = {
  '\0': 'file',
  '0': 'file',
  x: 'extension',
  g: 'extension',
  L: 'extension',
  K: 'extension',
};

/** Every kind of tar has the sum of its header's bytes in it, in octal, taken as if spaces stood there. */
export function isTarHeader(block: Buffer): boolean {
  const said = block.toString('latin1', CHECKSUM.from, CHECKSUM.to).replaceAll('\0', ' ').trim();
  return /^[0-7]+$/.test(said) && Number.parseInt(said, 8) === checksum(block);
}

/** The same header for content of another size; null where octal digits have no room for it. */
export function withSize(block: Buffer, size: number): Buffer | null {
  const digits = size.toString(8);
  if (digits.length > SIZE.to - SIZE.from - 1) return null;
  const header = Buffer.from(block);
  header.write(`${digits.padStart(SIZE.to - SIZE.from - 1, '0')}\0`, SIZE.from, 'latin1');
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, CHECKSUM.from, 'latin1');
  return header;
}

function checksum(block: Buffer): number {
  let sum = 0;
  for (let i = 0; i < TAR_BLOCK; i++) {
    sum += i >= CHECKSUM.from && i < CHECKSUM.to ? 0x20 : (block[i] ?? 0);
  }
  return sum;
}

/** Octal, or, where the first bit is set, a number of eleven bytes as GNU tar writes it. null: neither. */
function sizeIn(block: Buffer): number | null {
  const field = block.subarray(SIZE.from, SIZE.to);
  if (field[0] === 0x80) {
    const size = Number(field.readBigUInt64BE(4));
    return Number.isSafeInteger(size) && field.subarray(1, 4).every((byte) => byte === 0) ? size : null;
  }
  const digits = field.toString('latin1').replaceAll('\0', ' ').trim();
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : null;
}
