export interface FolderServer {
  readonly url: string;
  close(): Promise<void>;
}

/** `pages` are served as HTML by their path. With `isolated`, the default, the pages may use threads. */
export function serveFolders(folders: Readonly<Record<string, string>>, pages: Readonly<Record<string, string>>, isolated?: boolean): Promise<FolderServer>;
