/** Opens the studio on this machine. */
import { type Listening, listen } from '../http/listen.ts';
import { createStudioApp, type StudioAppOptions } from './studio-app.ts';

export interface StartStudioOptions extends StudioAppOptions {
  /** This port and no other; 0 takes any free one. Left out: 4170, or the next free one. */
  readonly port?: number | undefined;
}

const firstPort = 4170;
/** Only this machine can reach the studio. */
const host = '127.0.0.1';

/** Serves the studio until `close()`. Throws `UserError`: those of `createStudioApp`, `port-busy`, `port-forbidden`. */
export async function startStudio({ port, ...options }: StartStudioOptions): Promise<Listening> {
  return listen(await createStudioApp(options), { host, port, firstPort });
}
