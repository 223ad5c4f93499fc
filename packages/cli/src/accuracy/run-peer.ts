/** Runs a peer over faces, in a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import type { PeerFace, PeerMessage, PeerStart } from './peer-messages.ts';
import type { FoundPeer, PeerName } from './peers.ts';

function nextMessage(child: ChildProcess, name: string): Promise<PeerMessage> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
    };
    const onMessage = (message: unknown): void => {
      done();
      resolve(message as PeerMessage);
    };
    const onExit = (code: number | null, signal: string | null): void => {
      done();
      reject(new Error(`${name} ended with ${signal ?? `status ${code}`} before it answered`));
    };
    const onError = (error: Error): void => {
      done();
      reject(error);
    };
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
  });
}

export interface PeerRun {
  /** Asks for one face. */
  outputs(face: PeerFace): Promise<{ readonly outputs: readonly number[]; readonly ms: number }>;
  close(): void;
}

export async function startPeer(peer: PeerName, files: FoundPeer): Promise<PeerRun> {
  const request: PeerStart = { peer, files };
  // TensorFlow.js greets on standard output and error, which belong to our results.
  const child = fork(new URL('./peer-process.js', import.meta.url), [JSON.stringify(request)], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const ask = async (): Promise<PeerMessage> => {
    try {
      return await nextMessage(child, files.name);
    } catch (cause) {
      throw new Error(`${(cause as Error).message}:\n${said}`, { cause });
    }
  };
  await ask();
  return {
    outputs: async (face) => {
      const answer = ask();
      child.send(face);
      const message = await answer;
      if (!('outputs' in message)) throw new Error(`${files.name} answered a face with ${JSON.stringify(message)}`);
      return message;
    },
    close: () => child.kill(),
  };
}
