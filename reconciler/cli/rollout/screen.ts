/** A terminal on which one picture takes the place of the one before. */
import { showDuration } from '../../duration.ts';

/** Home, and everything from there on cleared. */
const CLEAR = '\u001b[H\u001b[J';

/** As much of `process.stdout` as it takes. */
type Terminal = {
  readonly rows: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
};

export class Screen {
  readonly #terminal: Terminal;
  readonly #every: number;
  #picture: () => string = () => '';
  readonly #redraw = () => this.#draw();

  /** @param every how often it is drawn, in milliseconds */
  constructor(terminal: Terminal, every: number) {
    this.#terminal = terminal;
    this.#every = every;
    terminal.on('resize', this.#redraw);
  }

  /** @param picture made again when the terminal has another size */
  draw(picture: () => string): void {
    this.#picture = picture;
    this.#draw();
  }

  leave(): void {
    this.#terminal.off('resize', this.#redraw);
  }

  /** What is below the last row would scroll the rest away. */
  #draw(): void {
    const lines = this.#picture().trimEnd().split('\n');
    const room = Math.max(3, this.#terminal.rows - 2);
    const cut = lines.length > room;
    const above = cut ? [...lines.slice(0, room - 1), `  and ${lines.length - room + 1} lines more`] : lines;
    const end = `every ${showDuration(this.#every)}, until Ctrl-C`;
    this.#terminal.write(`${CLEAR}${above.join('\n')}\n${end}\n`);
  }
}
