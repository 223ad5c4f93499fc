/** A server of static files for tests and benchmarks: folders by the first part of the path, on a free port of 127.0.0.1. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.jpg': 'image/jpeg',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
};

/** `pages` are served as HTML by their path. With `isolated` the pages may use threads. */
export async function serveFolders(folders, pages, isolated = true) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    const page = pages[path];
    if (page !== undefined) {
      response.setHeader('Content-Type', types['.html']);
      response.end(page);
      return;
    }
    const [, folder, ...rest] = path.split('/');
    const file = folders[folder ?? ''] && join(folders[folder], ...rest);
    if (!file || !existsSync(file) || !statSync(file).isFile()) {
      response.statusCode = 404;
      response.end();
      return;
    }
    const { size } = statSync(file);
    response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
    response.setHeader('Cache-Control', 'max-age=3600');
    response.setHeader('Accept-Ranges', 'bytes');
    // Browsers ask for parts of videos.
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = range ? Number(range[1]) : 0;
    const to = range?.[2] ? Number(range[2]) : size - 1;
    if (range) {
      response.statusCode = 206;
      response.setHeader('Content-Range', `bytes ${from}-${to}/${size}`);
    }
    response.setHeader('Content-Length', to - from + 1);
    createReadStream(file, { start: from, end: to }).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
