import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useExpressions } from './use-expressions.js';

/** Addresses beside this page. `assets` has the face detector and ONNX Runtime: see vite.config.js. */
const model = 'model.onnx';
const assets = 'mien';

function Live() {
  const { video, faces, error } = useExpressions(model, assets);
  const said = faces.map(({ id, expression, unsure }) => `Face ${id}: ${unsure ? 'not sure' : expression}`).join(', ');
  return (
    <>
      <video ref={video} muted playsInline />
      <p role="status">{error ? error.message : said || 'Nobody there'}</p>
    </>
  );
}

function Page() {
  const [running, setRunning] = useState(false);
  return (
    <>
      <h1>Expressions, live, in React</h1>
      <p>
        The camera&rsquo;s pictures stay on this device. The words say which expression a face shows, not what a person feels. Do not use this to judge people;
        at work and in education inferring emotions is banned in the EU.
      </p>
      <button type="button" onClick={() => setRunning(!running)}>
        {running ? 'Stop the camera' : 'I agree: start the camera'}
      </button>
      {running && <Live />}
    </>
  );
}

createRoot(document.querySelector('#root')).render(
  <StrictMode>
    <Page />
  </StrictMode>,
);
