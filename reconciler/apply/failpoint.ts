/**
 * Crash tests end the process at named places. Only where BOXREEVE_FAILPOINT names the place does anything happen: the process
 * is killed as a power cut would end it.
 */
export function failpoint(name: string): void {
  if (process.env.BOXREEVE_FAILPOINT === name) process.kill(process.pid, 'SIGKILL');
}
