/** What the service takes and gives, once: requests are checked by it, the OpenAPI document and the client's types come from it. */
import { z } from '@hono/zod-openapi';
import { cardSchema, type ModelCard } from '@mien/runtime';
import { toJSONSchema } from 'zod';

const box = z
  .object({
    x: z.number().openapi({ description: 'Left edge' }),
    y: z.number().openapi({ description: 'Top edge' }),
    width: z.number(),
    height: z.number(),
  })
  .openapi('Box', { description: 'In pixels of the upright picture; may reach over its edges.' });

export const faceSchema = z
  .object({
    box,
    detection: z.number().openapi({ description: "The detector's score, 0 to 1; 1 where no face was looked for", example: 0.98 }),
    expression: z.string().openapi({ description: 'The label with the highest probability', example: 'happy' }),
    probabilities: z.record(z.string(), z.number()).openapi({
      description: 'One entry a label of the model; they sum to 1',
      example: { angry: 0.01, disgust: 0, fear: 0.01, happy: 0.93, sad: 0.01, surprise: 0.01, neutral: 0.03 },
    }),
    unsure: z
      .boolean()
      .optional()
      .openapi({ description: "Whether the probability lies below the one from which the model's card answers; absent where it names none" }),
  })
  .openapi('Face');

const problemFields = {
  type: z.string().openapi({ example: 'about:blank' }),
  title: z.string().openapi({ example: 'The image cannot be read' }),
  status: z.number().int().openapi({ example: 422 }),
  detail: z.string().openapi({ description: 'What was expected, what came, how to mend it' }),
  code: z.string().openapi({ description: 'A stable short code for programs', example: 'unreadable-image' }),
};

export const problemSchema = z
  .object({ ...problemFields, requestId: z.string().openapi({ description: 'Name it when you report a failure; the log has the same' }) })
  .openapi('Problem', { description: 'RFC 9457' });

export const recognitionSchema = z
  .object({
    model: z.string().openapi({ example: 'mien-seresnet' }),
    width: z.number().int().openapi({ description: 'Of the upright picture, in pixels' }),
    height: z.number().int(),
    faces: z.array(faceSchema).openapi({ description: 'From left to right; empty when there is no face' }),
  })
  .openapi('Recognition', {
    example: {
      model: 'mien-seresnet',
      width: 910,
      height: 1137,
      faces: [
        {
          box: { x: 374, y: 111.6, width: 226.1, height: 307.8 },
          detection: 0.99,
          expression: 'happy',
          probabilities: { angry: 0.02, disgust: 0.01, fear: 0.01, happy: 0.91, sad: 0.01, surprise: 0.02, neutral: 0.02 },
        },
      ],
    },
  });

export const batchSchema = z
  .object({
    model: z.string(),
    results: z
      .array(
        z.union([
          recognitionSchema.omit({ model: true }).openapi('ImageResult'),
          z.object({ error: z.object(problemFields).openapi('ImageError') }).openapi('ImageFailure'),
        ]),
      )
      .openapi({ description: 'One entry an image, in the order they were sent; an image at fault does not cost the others their results' }),
  })
  .openapi('BatchRecognition');

export const videoSchema = z
  .object({
    model: z.string(),
    framesPerSecond: z.number().openapi({ description: 'Frames looked at, for one second of the video' }),
    truncated: z.boolean().openapi({ description: 'Whether the video goes on after the last frame the limits allow' }),
    frames: z.array(z.object({ timeS: z.number(), width: z.number().int(), height: z.number().int(), faces: z.array(faceSchema) }).openapi('Frame')),
  })
  .openapi('VideoRecognition');

export const explanationSchema = z
  .object({
    model: z.string(),
    face: faceSchema,
    label: z.string().openapi({ description: 'The label that is explained' }),
    grid: z.number().int().openapi({ description: 'Cells along each side of the map' }),
    crop: box.openapi({ description: 'The square the map lies over, in pixels of the picture' }),
    map: z.array(z.array(z.number())).openapi({
      description: "[grid][grid], row by row from the top left: how much the label's probability falls, on average, when this part of the face is covered",
    }),
  })
  .openapi('Explanation');

/** The card's own schema may have been made before zod learnt `.openapi`, so it is handed over as JSON Schema. */
const card = z
  .custom<ModelCard>()
  .openapi('ModelCard', { ...(toJSONSchema(cardSchema) as object), description: 'Everything needed to use the model rightly; carried in its file.' });

export const modelsSchema = z
  .object({
    default: z.string(),
    models: z.array(z.object({ name: z.string(), card })),
  })
  .openapi('Models');

export const healthSchema = z.object({ status: z.enum(['ok', 'starting', 'draining']) }).openapi('Health');

const model = z.string().max(100).optional().openapi({ description: 'Name of a model; default: the first of `GET /v1/models`' });
const threshold = z.coerce.number<number>().min(0.05).max(0.99).optional().openapi({ description: 'Lowest detection score that counts as a face' });
const detect = z.enum(['faces', 'none']).default('faces').openapi({ description: '`faces` looks for faces; `none` takes each picture as a face crop already' });

export const recogniseQuery = z.strictObject({ model, detect, threshold });
export const videoQuery = z.strictObject({
  model,
  threshold,
  framesPerSecond: z.coerce.number<number>().min(0.1).max(30).default(2).openapi({ description: 'Frames looked at, for one second of the video' }),
});
export const explainQuery = z.strictObject({
  model,
  detect,
  threshold,
  face: z.coerce.number<number>().int().min(0).max(999).default(0).openapi({ description: 'Which face, counted from the left; only with `detect=faces`' }),
  label: z.string().max(100).optional().openapi({ description: 'The label to explain; default: the one recognised' }),
  grid: z.coerce.number<number>().int().min(4).max(16).default(8).openapi({ description: 'Cells along each side of the map' }),
});

export type FaceResult = z.infer<typeof faceSchema>;
export type RecognitionResult = z.infer<typeof recognitionSchema>;
export type BatchResult = z.infer<typeof batchSchema>;
export type VideoResult = z.infer<typeof videoSchema>;
export type ExplanationResult = z.infer<typeof explanationSchema>;
export type ModelsResult = z.infer<typeof modelsSchema>;
export type HealthResult = z.infer<typeof healthSchema>;
export type Problem = z.infer<typeof problemSchema>;
export type RecogniseQuery = z.input<typeof recogniseQuery>;
export type VideoQuery = z.input<typeof videoQuery>;
export type ExplainQuery = z.input<typeof explainQuery>;
