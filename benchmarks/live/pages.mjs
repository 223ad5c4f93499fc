// The pages that are timed: ours as anybody would use it, and the peers with detector and expression on every frame.

const film = `<!doctype html><meta charset="utf-8"><title>bench</title><video id="film" src="/files/film.mp4" muted loop playsinline width="640" height="480"></video>`;

/** Times the synchronous work of ours on the main thread: the callbacks that take a frame and that bring its faces. */
const timers = `window.mainMs = [];
const request = HTMLVideoElement.prototype.requestVideoFrameCallback;
let taking = 0;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) { return request.call(this, (...args) => { const t = performance.now(); callback(...args); taking += performance.now() - t; }); };
const listen = Worker.prototype.addEventListener;
Worker.prototype.addEventListener = function (type, callback, ...rest) { return listen.call(this, type, type === 'message' ? (event) => { const t = performance.now(); callback(event); if (event.data.kind === 'faces') { window.mainMs.push(performance.now() - t + taking); taking = 0; } } : callback, ...rest); };`;

/** `?threads=N` in the address; 0 or none: the runtime's own choice. The last thousand figures are kept, so that the bench itself does not grow. */
const ours = (model) => `${film}<script type="module">${timers}
const { openMien } = await import('/mien/mien.js');
window.frames = 0; window.found = 0; window.latency = []; window.work = [];
const keep = (list, value) => { list.push(value); if (list.length > 2000) list.splice(0, 1000); };
window.addEventListener('unhandledrejection', ({ reason }) => { window.failure = String(reason); });
const film = document.getElementById('film');
const threads = Number(new URLSearchParams(location.search).get('threads') ?? 0);
const [mien] = await Promise.all([openMien({ model: '/models/${model}.onnx', threads }), film.play()]);
window.openMs = performance.now(); window.device = mien.device; window.threads = mien.threads;
mien.watch(film, { onFaces: (faces, frame) => {
  window.frames++; window.found += faces.length; keep(window.latency, frame.latencyMs); keep(window.work, frame.workMs);
  if (window.mainMs.length > 2000) window.mainMs.splice(0, 1000);
  if (faces.length && !window.firstMs) window.firstMs = performance.now();
} });
</script>`;

const peer = (body) => `${film}<script type="module">
window.frames = 0; window.found = 0; const film = document.getElementById('film'); await film.play();
try { ${body} } catch (error) { window.failure = String(error.stack ?? error); }
</script>`;

const human = (backend) =>
  peer(`const { default: Human } = await import('/human/dist/human.esm.js');
const human = new Human({ backend: '${backend}', wasmPath: '/tfjs-wasm/', modelBasePath: '/human/models/', cacheSensitivity: 0, filter: { enabled: false }, gesture: { enabled: false }, body: { enabled: false }, hand: { enabled: false }, object: { enabled: false }, segmentation: { enabled: false },
  face: { enabled: true, detector: { rotation: false, maxDetected: 10, skipFrames: 0, skipTime: 0 }, mesh: { enabled: false }, iris: { enabled: false }, description: { enabled: false }, emotion: { enabled: true, skipFrames: 0, skipTime: 0 } } });
await human.load();
for (;;) { const result = await human.detect(film); window.frames++; window.found += result.face.filter((face) => face.emotion?.length).length; window.backend = human.tf.getBackend(); await new Promise((resolve) => setTimeout(resolve)); }`);

const faceApi = (backend) =>
  peer(`const faceapi = await import('/face-api/dist/face-api.esm.js');
if ('${backend}' === 'wasm') faceapi.tf.setWasmPaths?.('/tfjs-wasm/');
await faceapi.tf.setBackend('${backend}'); await faceapi.tf.ready(); window.backend = faceapi.tf.getBackend();
await Promise.all([faceapi.nets.tinyFaceDetector.loadFromUri('/face-api/model/'), faceapi.nets.faceExpressionNet.loadFromUri('/face-api/model/')]);
const options = new faceapi.TinyFaceDetectorOptions({ inputSize: 416 });
for (;;) { const result = await faceapi.detectAllFaces(film, options).withFaceExpressions(); window.frames++; window.found += result.length; await new Promise((resolve) => setTimeout(resolve)); }`);

export const backends = ['wasm', 'webgl'];

/** HTML by path: `/mien`, and `/human-wasm`, `/face-api-webgl` and so on. */
export function benchPages(model) {
  const pages = { '/mien': ours(model) };
  for (const backend of backends) Object.assign(pages, { [`/human-${backend}`]: human(backend), [`/face-api-${backend}`]: faceApi(backend) });
  return pages;
}
