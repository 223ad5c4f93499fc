/** A Redis or Valkey server of one's own for tests, on a free port of this machine. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const program = ['valkey-server', 'redis-server'].find((name) => spawnSync(name, ['--version']).status === 0);

/** Why tests with a server skip; empty where they run. */
export const noRedis: string = program ? '' : ' (skipped: no valkey-server or redis-server; apt-get install redis-server)';

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Stops at once, as a crash would, and starts again; what was stored is lost. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether something speaks Redis there; a server that wants a password first does too. */
function answersAt(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (bytes) => settle(/^[+-]/.test(bytes.toString())));
    socket.once('error', () => settle(false));
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
  });
}

export async function startRedis(...flags: string[]): Promise<TestServer> {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'mien-redis-'));
  let server: ChildProcess;
  const start = async (): Promise<void> => {
    server = spawn(program!, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', dir, ...flags], { stdio: 'ignore' });
    for (let i = 0; i < 200; i++) {
      const answers = await answersAt(port);
      if (answers) return;
      await sleep(25);
    }
    throw new Error('the Redis server for tests did not start');
  };
  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    restart: async () => {
      await kill();
      await start();
    },
    stop: async () => {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
