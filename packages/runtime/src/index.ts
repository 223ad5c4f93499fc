/** @mien/runtime: from a picture to expressions. Runs in Node and in browsers; `@mien/runtime/node` adds files. */

export { UserError } from './error.ts';
// Labels
export { type Expression, expressions, parseExpression } from './labels.ts';
// Model card
export { cardFormatVersion, cardKey, cardSchema, type ModelCard, type Preprocessing, readCard, withCard } from './card.ts';
// Pictures
export type { Box, Image } from './image.ts';
