import manifest from '../package.json' with { type: 'json' };

/** Version of Boxreeve, as the package has it. */
export const VERSION: string = manifest.version;
