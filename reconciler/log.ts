/** The log, as the rest sees it: a pino logger. Events go to stderr or a file, never to stdout. */
export type { Logger } from 'pino';
