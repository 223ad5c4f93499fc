/** Every word the studio shows, in English. Another language is another file of this shape. */
import { count, finePercent, megabytes, percent } from './format.ts';

export const strings = {
  name: 'Mien',
  studio: 'Studio',
  language: 'en',
  pages: { label: 'Pages', photo: 'Photo' },

  promise: {
    shown: 'Expression shown, not emotion felt.',
    local: 'Pictures stay on this device.',
    details: [
      {
        title: 'Expression shown, not emotion felt',
        text: 'The bars name what a face looks like in one picture. They say nothing about what the person feels, thinks or intends.',
      },
      {
        title: 'Pictures stay on this device',
        text: 'Everything is computed in this browser tab. No picture and no result is sent anywhere; closing the tab forgets them.',
      },
      {
        title: 'Not for decisions about people',
        text: 'Inferring emotions at work or in education is prohibited in the EU (AI Act, article 5), except for medical or safety reasons.',
      },
    ],
  },

  expressions: {
    angry: 'Angry',
    disgust: 'Disgust',
    fear: 'Fear',
    happy: 'Happy',
    sad: 'Sad',
    surprise: 'Surprise',
    neutral: 'Neutral',
  } as Readonly<Record<string, string>>,

  drop: {
    title: 'Drop a photograph',
    lead: 'Every face in it is found, and its expression read.',
    or: 'or paste one from the clipboard',
    anywhere: 'or drop or paste them anywhere on this page',
    choose: 'Choose pictures',
    add: 'Add pictures',
    release: 'Release to read',
    types: 'JPEG, PNG, WebP, GIF or AVIF; one or many',
  },

  model: {
    connecting: 'Looking for a model',
    downloading: (loadedBytes: number, totalBytes: number) => `Loading the model: ${megabytes(loadedBytes)} of ${megabytes(totalBytes)}`,
    starting: 'Starting the model',
    loadLabel: 'Loading the model',
    failed: 'The model could not be loaded.',
    retry: 'Try again',
    noneTitle: 'There is no model yet',
    none: 'The studio is running, but no trained model has been released into this copy of Mien, so it cannot read expressions.',
    noneRemedy: 'Train one, then open the studio with it:',
    noneCommands: ['npx mien train mien-seresnet --data DIR --out RUN', 'npx mien studio --model RUN'],
    card: 'Model card',
    figure: (value: number, dataset: string, split: string) => `${finePercent(value)} accuracy, ${dataset} ${split}`,
    noFigure: 'No measured figure',
  },

  card: {
    close: 'Close model card',
    intendedUse: 'What it is for',
    limits: 'What it cannot do',
    figures: 'How well it does',
    figuresNone: 'Nothing has been measured with this model. Treat what it says as untested.',
    figuresNote: 'In brackets, where known: the range that holds the true value with 95% confidence.',
    measure: 'Measure',
    on: 'On',
    value: 'Value',
    plainAccuracy: (value: number, dataset: string) =>
      `Of 100 faces from ${dataset}, it names ${Math.round(value * 100)} as the labels do. The other ${100 - Math.round(value * 100)} it names otherwise.`,
    faces: (n: number) => `${count(n)} faces`,
    training: 'What it learned from',
    trainedOn: (rows: number, data: string, split: string) => `${count(rows)} labelled faces of ${data} (${split}).`,
    chosenOn: (on: string) => `The final weights were chosen on: ${on}.`,
    reading: 'How it reads a face',
    readingText: (height: number, width: number, grey: boolean) =>
      `Each face is cut out as a square and made ${width} × ${height} pixels${grey ? ' in shades of grey' : ''}. Colour, surroundings and anything smaller than that are lost to it.`,
    facts: 'Facts',
    architecture: 'Architecture',
    parameters: 'Parameters',
    work: 'Work per face',
    workValue: (flops: number) => `${count(Math.round(flops / 1e6))} million operations`,
    licence: 'Licence',
    labels: 'Expressions',
    metrics: { accuracy: 'Right answers (accuracy)', macroF1: 'Balance over expressions (macro-F1)' } as Readonly<Record<string, string>>,
  },

  picture: {
    waiting: 'Waiting',
    waitingForModel: 'Waiting for the model',
    reading: 'Reading the picture',
    finding: 'Finding faces',
    size: (width: number, height: number) => `${width} × ${height}`,
    faces: (n: number) => (n === 0 ? 'No face found' : n === 1 ? '1 face' : `${n} faces`),
    wholeImage: 'Read as one face',
    noFace: 'No face was found in this picture.',
    noFaceHelp: 'If it is a face that fills the whole picture, it can be read as it is.',
    readWhole: 'Read the whole picture as one face',
    remove: (name: string) => `Remove ${name}`,
    alt: (name: string, faces: number) => `${name}, ${faces === 1 ? '1 face' : `${faces} faces`} marked`,
    facesLabel: (name: string) => `Faces in ${name}`,
    face: (index: number) => `Face ${index}`,
    box: (index: number, expression: string, p: number) => `Face ${index}: ${expression}, ${percent(p)}`,
    announced: (name: string, faces: readonly string[]) => `${name}: ${faces.length === 0 ? 'no face found' : faces.join('; ')}`,
    failedAnnounced: (name: string, message: string) => `${name}: ${message}`,
  },

  list: {
    summary: (pictures: number, faces: number) =>
      `${pictures === 1 ? '1 picture' : `${count(pictures)} pictures`}, ${faces === 1 ? '1 face' : `${count(faces)} faces`}`,
    clear: 'Clear all',
  },

  results: {
    title: 'Results',
    csv: 'Save CSV',
    json: 'Save JSON',
    picture: 'Picture',
    face: 'Face',
    expression: 'Expression',
    none: 'No face',
    failed: 'Not read',
  },

  errors: {
    emptyFile: 'The file is empty (0 bytes).',
    unreadable: 'This is not a picture the browser can read. JPEG, PNG, WebP, GIF and AVIF work.',
    tooLarge: (megapixels: number, most: number) =>
      `The picture has ${count(Math.round(megapixels))} megapixels; at most ${most} are read. Make it smaller and try again.`,
    tooLargeToHold: 'The browser has no memory for a picture of this size. Make it smaller and try again.',
    unreachable: 'The studio’s server does not answer. Is it still running?',
    missing: (url: string, status: number) => `The server has no ${url} (status ${status}).`,
    internal: (message: string) => `This is a fault of the studio, not of your picture (${message}).`,
  },
} as const;
