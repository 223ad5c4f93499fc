/** The addresses of the service, as the OpenAPI document shows them. */
import { createRoute, z } from '@hono/zod-openapi';
import {
  batchSchema,
  explainQuery,
  explanationSchema,
  healthSchema,
  modelsSchema,
  problemSchema,
  recogniseQuery,
  recognitionSchema,
  videoQuery,
  videoSchema,
} from './schema.ts';

/** Files are described, not parsed: the handlers read them themselves, within their limits. */
const file = { type: 'string', format: 'binary' } as const;
const binary = { schema: file };
const imageTypes = { 'image/jpeg': binary, 'image/png': binary, 'image/webp': binary, 'image/gif': binary, 'image/avif': binary };
const form = (field: string, many: boolean) => {
  const content = many ? ({ type: 'array', items: file } as const) : file;
  return { 'multipart/form-data': { schema: { type: 'object' as const, required: [field], properties: { [field]: content } } } };
};

const problem = (description: string) => ({ description, content: { 'application/problem+json': { schema: problemSchema } } });
const refusals = {
  400: problem('The request cannot be understood'),
  401: problem('A token is needed, or the one given is wrong'),
  404: problem('There is no such model'),
  413: problem('Too many bytes, pixels or images'),
  415: problem('Not a kind of file the service takes'),
  422: problem('The file is damaged, or holds no face to explain'),
  429: problem('The client sends too fast, or the service is busy: try again after the seconds in Retry-After'),
  503: problem('The service is shutting down or lost the work: try again'),
  504: problem('No answer in time'),
};
const json = <S>(schema: S, description: string) => ({ description, content: { 'application/json': { schema } } });
const security = [{ token: [] }];

export const recogniseRoute = createRoute({
  method: 'post',
  path: '/v1/recognise',
  operationId: 'recognise',
  tags: ['Recognition'],
  summary: 'Recognise one image',
  description: 'Finds the faces of an image and says which expression each shows. Send the file as the body, or as the field `image` of a form.',
  security,
  request: { query: recogniseQuery, body: { required: true, content: { ...imageTypes, ...form('image', false) } } },
  responses: { 200: json(recognitionSchema, 'The faces of the image'), ...refusals },
});

export const batchRoute = createRoute({
  method: 'post',
  path: '/v1/recognise/batch',
  operationId: 'recogniseMany',
  tags: ['Recognition'],
  summary: 'Recognise many images',
  description: 'As `/v1/recognise` for every field `image` of a form. An image that cannot be read has its error in its place.',
  security,
  request: { query: recogniseQuery, body: { required: true, content: form('image', true) } },
  responses: { 200: json(batchSchema, 'One result an image, in the order sent'), ...refusals },
});

export const videoRoute = createRoute({
  method: 'post',
  path: '/v1/video',
  operationId: 'recogniseVideo',
  tags: ['Recognition'],
  summary: 'Recognise a video',
  description:
    'Looks at frames at even distances. Takes MP4, QuickTime, Matroska and WebM, as the body or as the field `video` of a form. Needs ffmpeg on the server.',
  security,
  request: {
    query: videoQuery,
    body: {
      required: true,
      content: { 'video/mp4': binary, 'video/quicktime': binary, 'video/x-matroska': binary, 'video/webm': binary, ...form('video', false) },
    },
  },
  responses: { 200: json(videoSchema, 'The faces of each frame'), ...refusals, 501: problem('The server has no ffmpeg') },
});

export const explainRoute = createRoute({
  method: 'post',
  path: '/v1/explain',
  operationId: 'explain',
  tags: ['Recognition'],
  summary: 'Explain a recognition',
  description:
    'Covers one part of a face after another and reports how far the probability of the label falls: a map of what the answer rests on. Works for any model.',
  security,
  request: { query: explainQuery, body: { required: true, content: { ...imageTypes, ...form('image', false) } } },
  responses: { 200: json(explanationSchema, 'The map of one face'), ...refusals },
});

export const modelsRoute = createRoute({
  method: 'get',
  path: '/v1/models',
  operationId: 'models',
  tags: ['Models'],
  summary: 'List the models',
  description: 'Each with its card: labels, preprocessing, measured figures, intended use, limits.',
  security,
  responses: { 200: json(modelsSchema, 'The models that are open'), 401: refusals[401] },
});

export const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  operationId: 'health',
  tags: ['Operation'],
  summary: 'Is the process alive?',
  description: 'For a liveness probe; needs no token.',
  responses: { 200: json(healthSchema, 'It answers') },
});

export const readyRoute = createRoute({
  method: 'get',
  path: '/ready',
  operationId: 'ready',
  tags: ['Operation'],
  summary: 'Can it take work?',
  description: 'For a readiness probe and load balancers; needs no token.',
  responses: { 200: json(healthSchema, 'It can'), 503: json(healthSchema, 'Not now: it starts or shuts down') },
});

export const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  tags: ['Operation'],
  summary: 'Prometheus metrics',
  description: 'In the text format of Prometheus.',
  security,
  responses: { 200: { description: 'The metrics', content: { 'text/plain': { schema: z.string() } } }, 401: refusals[401] },
});
