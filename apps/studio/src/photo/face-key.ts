/** Names one face on the page. */
export interface FaceKey {
  readonly picture: number;
  /** From 0, in the order of the results. */
  readonly face: number;
}

export function faceCardId({ picture, face }: FaceKey): string {
  return `face-${picture}-${face}`;
}
