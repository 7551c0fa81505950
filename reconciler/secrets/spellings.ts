/** How the value of a secret may look in what a tool prints. */

/** Shorter parts of a value (lines of a key, say) would take half the text with them. */
const SHORTEST_PART = 4;

/** A value as it is, each line of it, and both as common encodings write them; without the empty string. Pure. */
export function spellings(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).filter((line) => line.trim().length >= SHORTEST_PART);
  const whole = [value, ...(lines.length > 1 ? lines : [])];
  // what prints a value often leaves out the white space around it
  const parts = new Set(whole.flatMap((part) => [part, part.trim(), expanded(part)]));
  const all = [...parts].flatMap((part) => [
    ...quoted(part).flatMap((text) => [text, inJson(text), inRuby(text)]),
    inJson(inJson(part)),
    ...urlEncoded(part),
    readByMachine(part),
    ...inHex(part),
    ...inBase64(part),
  ]);
  return [...new Set(all)].filter((spelling) => spelling !== '');
}

/** What a guest gets by Vagrant's shell provisioner, whose double quotes let its shell look for variables, and find none. */
function expanded(part: string): string {
  return part.replace(/\\([$`"\\])|\$(?:\w+|\{\w+\})/g, (_all, kept: string | undefined) => kept ?? '');
}

/** As it is, and between the quotes of shells, of YAML and of HTML. */
function quoted(part: string): string[] {
  return [
    part,
    // single quotes: shells, Ruby's Shellwords, and Vagrant for `env` of a shell provisioner
    part.replaceAll("'", "'\\''"),
    // double quotes: `declare -p`, `export -p`
    part.replace(/["$`\\]/g, '\\$&'),
    // Vagrant for `args` of a shell provisioner
    part.replaceAll('"', '"\\""'),
    // `printf %q`
    part.replace(/[^\w%+,./:=@^~\n\u0080-\uffff-]/g, '\\$&'),
    part.replaceAll("'", "''"),
    ansiQuoted(part),
    ...inHtml(part),
  ];
}

/** Between `$'` and `'`: how bash shows bytes that are no characters of its locale. */
function ansiQuoted(part: string): string {
  return part
    .replace(/['\\]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/\P{ASCII}+/gu, (text) =>
      [...Buffer.from(text)].map((byte) => `\\${byte.toString(8)}`).join(''),
    );
}

function inHtml(part: string): string[] {
  const tags = part.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [tags, tags.replaceAll('"', '&quot;'), tags.replaceAll('"', '&quot;').replaceAll("'", '&#39;')];
}

function inJson(part: string): string {
  return JSON.stringify(part).slice(1, -1);
}

/** `inspect`, as Vagrant's debug log and `p ENV` in a Vagrantfile print it. */
function inRuby(part: string): string {
  return inJson(part)
    .replace(/#(?=[{$@])/g, '\\#')
    .replaceAll('\\u001b', '\\e');
}

/** Tools differ in whether they encode `!'()*` and blanks, and in the case of the digits. */
function urlEncoded(part: string): string[] {
  const lenient = encodeURIComponent(part.toWellFormed());
  const strict = lenient.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return [lenient, strict].flatMap((encoded) => {
    const lowerCase = encoded.replace(/%../g, (code) => code.toLowerCase());
    return [encoded, encoded.replaceAll('%20', '+'), lowerCase, lowerCase.replaceAll('%20', '+')];
  });
}

/** `vagrant --machine-readable` does not tell a newline from a backslash and an n: what reads it takes both for the former. */
function readByMachine(part: string): string {
  return part.replaceAll('\\n', '\n').replaceAll('\\r', '\r');
}

function inHex(part: string): string[] {
  const hex = Buffer.from(part).toString('hex');
  return [hex, hex.toUpperCase()];
}

/**
 * A value inside a longer text that is base64-encoded as a whole begins at one of three alignments: the characters that
 * depend on its neighbours are left out. By itself, it ends with a character that depends on nothing, and padding.
 */
function inBase64(part: string): string[] {
  const bytes = Buffer.from(part);
  const inside = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const begin = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + bytes.length) * 8) / 6);
    return encoded.slice(begin, end);
  });
  const alone = bytes.toString('base64');
  return [...inside, alone, alone.replace(/=+$/, '')]
    .flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')])
    .filter((text) => text.length >= SHORTEST_PART);
}
