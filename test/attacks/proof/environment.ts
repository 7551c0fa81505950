/** Environment variables by which the proof tells a process that it runs an attack without its defence. */

/** Set: the attack that is loaded has its defence taken out. */
export const WITHOUT_DEFENCE = 'BOXREEVE_WITHOUT_DEFENCE';
/** The attack's name, for processes that it starts. */
export const DEFENCE_OF = 'BOXREEVE_WITHOUT_DEFENCE_OF';
