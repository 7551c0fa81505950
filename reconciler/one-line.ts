/**
 * Text from outside on one line: a line break in a key or a subject must not begin a line of its own, nor a control character give
 * a terminal orders (U+009B begins them as ESC and `[` do).
 */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}
