/**
 * What `vagrant --machine-readable` prints, as the text a person would have seen, and the error it ended with. Only there are
 * Vagrant's own words kept apart from what a guest prints, and only there is an error's class told (VAGRANT.md trap 7).
 *
 * A line is `<epoch>,<target>,<type>,<data>…`. A comma in data is `%!(VAGRANT_COMMA)`, a newline `\n`, a carriage return `\r`;
 * a backslash is a backslash, so that `\n` printed by a guest looks like a newline.
 */

export type VagrantError = {
  /** Ruby class, such as `Vagrant::Errors::BoxChecksumMismatch`. */
  readonly name: string;
  readonly message: string;
};

export type MachineReader = {
  /** Takes a piece of output, returns the text in it. */
  push(chunk: string): string;
  /** The rest. */
  end(): string;
  /** What it ended with; null if it did not say. */
  error(): VagrantError | null;
  /** The last line that a machine's boot or provisioner printed; null if none did. */
  lastDetail(): string | null;
};

/** A longer line than this without an end is no line of Vagrant's, and is handed on as it is. */
const LONGEST_LINE = 1024 * 1024;

export function machineReader(): MachineReader {
  let rest = '';
  let error: VagrantError | null = null;
  let lastDetail: string | null = null;

  function read(line: string): string {
    const [, target, type, data = ''] = /^\d+,([^,]*),([a-z][\w-]*),(.*)$/s.exec(line) ?? [];
    const [first = '', ...others] = data.split(',').map(plain);
    switch (type) {
      case undefined:
        // printed past Vagrant's own output: by a Vagrantfile, say
        return `${line}\n`;
      case 'ui': {
        const words = others.join(',');
        if (first !== 'detail' || target === undefined || target === '') return `${words}\n`;
        lastDetail = withoutPrefix(words, target);
        return `${lastDetail}\n`;
      }
      case 'error-exit':
        error = { name: first, message: others.join(',') };
        return '';
      default:
        return '';
    }
  }

  return {
    push: (chunk) => {
      // a guest that prints dots sends them one by one: what is held is not looked through again for each
      if (!chunk.includes('\n') && rest.length + chunk.length <= LONGEST_LINE) {
        rest += chunk;
        return '';
      }
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      const text = lines.map(read).join('');
      if (rest.length <= LONGEST_LINE) return text;
      const long = rest;
      rest = '';
      return text + long;
    },
    end: () => {
      const text = rest === '' ? '' : read(rest);
      rest = '';
      return text;
    },
    error: () => error,
    lastDetail: () => lastDetail,
  };
}

function plain(data: string): string {
  return data.replaceAll('%!(VAGRANT_COMMA)', ',').replaceAll('\\n', '\n').replaceAll('\\r', '\r');
}

/** A guest's lines as it printed them: with Vagrant's words before each, a secret of several would not be known again. */
function withoutPrefix(text: string, target: string): string {
  const prefix = `    ${target}: `;
  return text
    .split('\n')
    .map((line) => (line.startsWith(prefix) ? line.slice(prefix.length) : line))
    .join('\n');
}
