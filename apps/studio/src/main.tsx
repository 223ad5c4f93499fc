import { render } from 'preact';
import { App } from './app.tsx';
import { keepFocus } from './keep-focus.ts';
import { ModelLoader } from './model/model-loader.ts';
import { PictureQueue } from './photo/picture-queue.ts';
import { type RecognitionClient, startRecognition } from './recognition/recognition-client.ts';
import { strings } from './strings.ts';
import './styles/base.css';
import './styles/frame.css';
import './styles/expressions.css';
import './styles/model-card.css';

const loader = new ModelLoader(recognition);
const queue = new PictureQueue();

let client: RecognitionClient | undefined;
/** Started by the first page that reads pictures, and again after a crash. */
function recognition(): RecognitionClient {
  if (!client || client.ended) {
    client = startRecognition((message) => {
      queue.pause();
      loader.lost(message);
    });
  }
  return client;
}

async function loadModel(name?: string): Promise<void> {
  if (await loader.load(name)) queue.start((task, onProgress) => recognition().run(task, onProgress));
}

document.documentElement.lang = strings.language;
keepFocus();
void loader.list();
render(<App loader={loader} queue={queue} loadModel={(name) => void loadModel(name)} />, document.getElementById('app')!);
