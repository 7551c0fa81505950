/** Git processes that are read while they run: for what is too much to hold at once, or to start a process for each time. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { GitFailed } from '../errors.ts';
import { gitInvocation } from './git-command.ts';

export type GitObject = {
  readonly type: string;
  /** null: larger than what was asked for, and passed over. */
  readonly content: Buffer | null;
};

/** Objects by their id, from one `cat-file --batch`; whoever opens it must close it. */
export type ObjectReader = {
  /**
   * In the order asked for; null for what is not here. Ids are checked ones. One reading at a time, read to its end. Throws
   * GitFailed.
   */
  read(ids: readonly string[]): AsyncGenerator<GitObject | null>;
  close(): Promise<void>;
};

/** @param largest bytes of an object that is worth holding */
export function openObjectReader(gitDir: string, largest: number): ObjectReader {
  let git: BatchProcess | null = null;
  return {
    read: (ids) => {
      git ??= new BatchProcess(gitDir, largest);
      return git.read(ids);
    },
    close: async () => git?.close(),
  };
}

/** Standard output of a Git process as it comes, `input` given to its standard input. Throws GitFailed if it fails. */
export async function* gitStream(
  gitDir: string,
  args: readonly string[],
  input: string | Buffer,
): AsyncGenerator<Buffer> {
  const child = start(gitDir, args);
  const said = collect(child);
  try {
    child.stdin.end(input);
    for await (const chunk of child.stdout) if (Buffer.isBuffer(chunk)) yield chunk;
    const code = child.exitCode ?? (await said.ended);
    if (code !== 0)
      throw new GitFailed(`git ${args[0] ?? ''}: ${said.stderr() || `failed with status ${code}`}`);
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
}

class BatchProcess {
  readonly #largest: number;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #chunks: AsyncIterator<unknown>;
  readonly #said: Said;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(gitDir: string, largest: number) {
    this.#largest = largest;
    this.#child = start(gitDir, ['cat-file', '--batch']);
    this.#said = collect(this.#child);
    this.#chunks = this.#child.stdout[Symbol.asyncIterator]();
  }

  async *read(ids: readonly string[]): AsyncGenerator<GitObject | null> {
    this.#child.stdin.write(ids.map((id) => `${id}\n`).join(''));
    for (const id of ids) yield await this.#next(id);
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    // what was asked for and not read must not keep it alive
    this.#child.stdout.destroy();
    await this.#said.ended;
  }

  /** `<id> <type> <size>\n<content>\n`, or `<id> missing\n`. */
  async #next(id: string): Promise<GitObject | null> {
    const [name, type, size] = (await this.#line()).split(' ');
    if (name !== id || type === undefined) throw new GitFailed(`git cat-file cannot read ${id}`);
    if (size === undefined) return null;
    const bytes = Number(size);
    if (bytes > this.#largest) {
      await this.#skip(bytes + 1);
      return { type, content: null };
    }
    const content = await this.#take(bytes + 1);
    return { type, content: content.subarray(0, bytes) };
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf('\n');
      if (end >= 0) {
        const line = this.#buffer.toString('latin1', 0, end);
        this.#buffer = this.#buffer.subarray(end + 1);
        return line;
      }
      this.#buffer = Buffer.concat([this.#buffer, await this.#chunk()]);
    }
  }

  async #take(bytes: number): Promise<Buffer> {
    const parts = [this.#buffer];
    for (let have = this.#buffer.length; have < bytes; ) {
      const chunk = await this.#chunk();
      parts.push(chunk);
      have += chunk.length;
    }
    const all = parts.length === 1 ? this.#buffer : Buffer.concat(parts);
    this.#buffer = all.subarray(bytes);
    return all.subarray(0, bytes);
  }

  async #skip(bytes: number): Promise<void> {
    let left = bytes;
    for (; left > this.#buffer.length; this.#buffer = await this.#chunk()) left -= this.#buffer.length;
    this.#buffer = this.#buffer.subarray(left);
  }

  async #chunk(): Promise<Buffer> {
    const { value, done } = await this.#chunks.next();
    if (done !== true && Buffer.isBuffer(value)) return value;
    throw new GitFailed(`git cat-file ended too early: ${this.#said.stderr()}`);
  }
}

function start(gitDir: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  const invocation = gitInvocation(gitDir, args);
  const child = spawn('git', [...invocation.args], { env: invocation.env, stdio: 'pipe' });
  // a Git that ends before it has read everything says why on its standard error
  child.stdin.on('error', () => undefined);
  return child;
}

type Said = { stderr(): string; readonly ended: Promise<number | null> };

/** Of what Git complains, more than this is noise. */
const MOST_STDERR = 16 * 1024;

function collect(child: ChildProcessWithoutNullStreams): Said {
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-MOST_STDERR);
  });
  const ended = once(child, 'close').then(
    () => child.exitCode,
    (error: Error) => {
      throw new GitFailed(`git cannot be run: is it installed, and on PATH? (${error.message})`);
    },
  );
  // whoever waits for it is told; before that, nobody needs to be
  ended.catch(() => undefined);
  return { stderr: () => text.trim(), ended };
}
