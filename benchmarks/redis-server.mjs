/** A Redis or Valkey server of one's own on a free port of this machine, without persistence. */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis } from '@mien/jobs/redis';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** `restart` kills it and starts it again: it forgets everything. */
export async function startRedis() {
  const program = ['valkey-server', 'redis-server'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (!program) throw new Error('no valkey-server or redis-server on the PATH; install one (apt-get install redis-server)');
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server;
  const start = async () => {
    server = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
    for (let i = 0; i < 200; i++) {
      const redis = await connectRedis(url).catch(() => undefined);
      redis?.disconnect();
      if (redis) return;
      await sleep(50);
    }
    throw new Error(`${program} did not start`);
  };
  const kill = async () => {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
  };
  await start();
  return {
    url,
    program,
    restart: async () => {
      await kill();
      await start();
    },
    stop: kill,
  };
}
