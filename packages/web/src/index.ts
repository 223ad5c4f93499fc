/** @mien/web: expressions live in any page. */
export {};
