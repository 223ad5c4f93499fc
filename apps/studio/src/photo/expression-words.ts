/** What a face shows, in words, as "Live" says it. */
import type { RecognisedFace } from '../recognition/messages.ts';
import { strings } from '../strings.ts';

/** `Happy`, or that it is not sure. */
export function expressionWords({ expression, unsure }: Pick<RecognisedFace, 'expression' | 'unsure'>): string {
  const name = strings.expressions[expression] ?? expression;
  return unsure ? strings.live.unsure(name) : name;
}

/** `Face 1: Happy, 93%` */
export function faceWithNumber(face: Pick<RecognisedFace, 'expression' | 'unsure' | 'probabilities'>, index: number): string {
  return strings.picture.box(index, expressionWords(face), face.probabilities[face.expression] ?? 0);
}
