/** Reads fields of a CI system's answer. What is missing or of another type is an error: an answer that is not understood is no answer. */

/** The answer lacks what its documentation promises. */
export class UnexpectedReply extends Error {}

export type Fields = {
  text(name: string): string;
  number(name: string): number;
  bool(name: string): boolean;
  object(name: string): Fields;
  list(name: string): readonly Fields[];
  texts(name: string): readonly string[];
  /** Whether the field is there and not null. */
  has(name: string): boolean;
};

/** @param what for sentences: `agent of Azure Pipelines` */
export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UnexpectedReply(`the answer has no ${what} in it`);
  }
  const record = new Map<string, unknown>(Object.entries(value));
  const fail = (name: string, type: string): never => {
    throw new UnexpectedReply(`${what} has no ${name} that is ${type} in the answer`);
  };
  const list = (name: string): readonly unknown[] => {
    const found = record.get(name);
    return Array.isArray(found) ? found : fail(name, 'a list');
  };
  return {
    text: (name) => {
      const found = record.get(name);
      return typeof found === 'string' ? found : fail(name, 'a text');
    },
    number: (name) => {
      const found = record.get(name);
      return typeof found === 'number' ? found : fail(name, 'a number');
    },
    bool: (name) => {
      const found = record.get(name);
      return typeof found === 'boolean' ? found : fail(name, 'true or false');
    },
    object: (name) => fieldsOf(record.get(name), `${name} of ${what}`),
    list: (name) => list(name).map((item) => fieldsOf(item, `${name} of ${what}`)),
    texts: (name) =>
      list(name).map((item) => (typeof item === 'string' ? item : fail(name, 'a list of texts'))),
    has: (name) => record.has(name) && record.get(name) !== null,
  };
}

export function listOf(value: unknown, what: string): readonly Fields[] {
  if (!Array.isArray(value)) throw new UnexpectedReply(`the answer is not a list of ${what}s`);
  return value.map((item: unknown) => fieldsOf(item, what));
}
