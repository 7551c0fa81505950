import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { Screen } from '../../../reconciler/cli/rollout/screen.ts';

/** A terminal of so many rows, and what is to be seen on it: what was written since it was last cleared. */
class Terminal extends EventEmitter {
  rows = 10;
  #written = '';
  write(text: string): boolean {
    this.#written += text;
    return true;
  }
  get seen(): readonly string[] {
    return (this.#written.split('\u001b[H\u001b[J').at(-1) ?? '').split('\n');
  }
}

const END = ['every 15 s, until Ctrl-C', ''];

it('one picture takes the place of the one before', () => {
  const terminal = new Terminal();
  const screen = new Screen(terminal, 15_000);
  screen.draw(() => 'first\n');
  screen.draw(() => 'second\n');
  expect(terminal.seen).toEqual(['second', ...END]);
});

it('a picture is cut where the terminal ends, and drawn anew when that is larger', () => {
  const terminal = new Terminal();
  const screen = new Screen(terminal, 15_000);
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  screen.draw(() => lines.join('\n'));
  expect(terminal.seen).toEqual([...lines.slice(0, 7), '  and 13 lines more', ...END]);
  terminal.rows = 40;
  terminal.emit('resize');
  expect(terminal.seen).toEqual([...lines, ...END]);
  screen.leave();
  terminal.rows = 10;
  terminal.emit('resize');
  expect(terminal.seen).toEqual([...lines, ...END]);
});
