/** The `mien` command. Programs import the packages below it; this one is for people and shells. */
export {};
