// Mien in the browser: onnxruntime-web in a worker, WebAssembly with threads.
export function train(request) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./mien-worker.js', import.meta.url), { type: 'module' });
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => (data.failed ? reject(new Error(data.failed)) : resolve(data));
    worker.postMessage({ ...request, base: `${location.origin}/ort/` });
  });
}
