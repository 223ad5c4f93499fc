import { render } from 'preact';
import { App } from './app.tsx';
import { ModelLoader } from './model/model-loader.ts';
import { PictureQueue } from './photo/picture-queue.ts';
import { startRecognition } from './recognition/recognition-client.ts';
import './styles/base.css';
import './styles/frame.css';
import './styles/photo.css';
import './styles/expressions.css';
import './styles/marked-picture.css';
import './styles/faces.css';
import './styles/results.css';
import './styles/model-card.css';

const client = startRecognition();
const loader = new ModelLoader(client);
const queue = new PictureQueue();

async function load(): Promise<void> {
  if (await loader.load()) queue.start((task, onProgress) => client.run(task, onProgress));
}

void load();
render(<App loader={loader} queue={queue} onRetry={() => void load()} />, document.getElementById('app')!);
