/** @mien/labelling: expressions of a million faces. */
export {};
