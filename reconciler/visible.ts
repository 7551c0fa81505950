/**
 * Text from outside on a terminal. Guests, tools and whoever writes a commit choose what records say: an escape sequence in it
 * could hide lines, write others in their place or set the clipboard, and a mark that turns the direction of text could show one
 * name for another. They are shown as what they are. JSON documents, which programs read, have escapes of their own.
 */

/** All control characters but tab and newline, and marks of direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `ESC` becomes `\u001b`, in six characters. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
