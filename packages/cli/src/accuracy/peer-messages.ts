/** What the process of a peer is asked, and what it answers. */
import type { FoundPeer, PeerName } from './peers.ts';

export interface PeerStart {
  readonly peer: PeerName;
  readonly files: FoundPeer;
}

/** One face, RGB interleaved, 0…255. */
export interface PeerFace {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

export type PeerMessage =
  | { readonly ready: true }
  | {
      /** One value a label of the peer, in its order. */
      readonly outputs: readonly number[];
      /** From the pixels to the outputs. */
      readonly ms: number;
    };
