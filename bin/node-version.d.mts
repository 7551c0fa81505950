export declare const WANTED: string;
export declare function isNewEnough(version: string): boolean;
