export declare const recipesUrl: URL;
