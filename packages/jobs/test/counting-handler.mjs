/** A pool's handler for tests: doubles numbers, and dies, hangs or refuses to open when told to. */
export async function openHandler(init) {
  if (init.unfit) throw Object.assign(new Error('cannot do this'), {});
  if (init.exit) process.exit(3);
  return {
    handle: async ({ payload, deaths }) => {
      if (payload.dieTimes > deaths) process.kill(process.pid, 'SIGKILL');
      if (payload.hang && deaths === 0) for (;;);
      return { doubled: payload.value * 2, pid: process.pid };
    },
    release: async () => {},
  };
}
