/** The folder that holds the recipes of this package, one YAML file each. */
export const recipesUrl = new URL('./', import.meta.url);
