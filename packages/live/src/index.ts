/** @mien/live: faces over time. */
export {};
