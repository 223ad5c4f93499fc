export declare const releasedModelsUrl: URL;
export declare const defaultModelName: string;
export declare const liveModelName: string;
