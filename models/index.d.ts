export declare const releasedModelsUrl: URL;
export declare const defaultModelName: string;
