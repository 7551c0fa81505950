/** The journal of an attempt, on a disk that is never full. */
import type { Journal } from '../../reconciler/audit/outbox.ts';

export function memoryJournal(): Journal {
  let text: string | null = null;
  return {
    read: async () => text,
    create: async (line) => {
      if (text !== null) throw new Error('an attempt is there already');
      text = line;
    },
    append: async (line) => {
      text = `${text ?? ''}${line}`;
    },
    remove: async () => {
      text = null;
    },
  };
}
