import { type ModelCard } from './card.ts';
/** A card for a [1,8,8] input, mean 0, std 1. */
export declare const testCard: ModelCard;
/** logit k = weights[k] · mean + biases[k]; `card` null leaves the card out. */
export declare function testModel(weights: readonly number[], biases: readonly number[], card?: unknown): Uint8Array;
