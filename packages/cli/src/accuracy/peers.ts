/** Expression models of other npm packages: what they are called, which files they need and how they order their labels. */
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseExpression, UserError } from '@mien/runtime';

export interface Peer {
  /** As in the table. */
  readonly name: string;
  /** The package on npm. */
  readonly npm: string;
  /** Its build for browsers, which carries TensorFlow.js inside, relative to the package. */
  readonly module: string;
  /** The model: topology or list of weights, and the weights. */
  readonly manifest: string;
  readonly weights: string;
  /** Its labels in the order of its outputs. */
  readonly labels: readonly string[];
}

export const peers = {
  human: {
    name: '@vladmandic/human emotion',
    npm: '@vladmandic/human',
    module: 'dist/human.esm.js',
    manifest: 'models/emotion.json',
    weights: 'models/emotion.bin',
    // `src/gear/emotion.ts`: the order of models with a grey input.
    labels: ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'],
  },
  'face-api': {
    name: '@vladmandic/face-api expression',
    npm: '@vladmandic/face-api',
    module: 'dist/face-api.esm.js',
    manifest: 'model/face_expression_model-weights_manifest.json',
    weights: 'model/face_expression_model.bin',
    // `src/faceExpressionNet/FaceExpressions.ts`
    labels: ['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgusted', 'surprised'],
  },
} as const satisfies Readonly<Record<string, Peer>>;

export type PeerName = keyof typeof peers;
export const peerNames = Object.keys(peers) as PeerName[];

/** TensorFlow.js on WebAssembly, for the peers: its binaries. */
const backend = '@tensorflow/tfjs-backend-wasm';

export interface FoundPeer extends Peer {
  readonly module: string;
  readonly manifest: string;
  readonly weights: string;
  /** Folder of TensorFlow.js' WebAssembly files. */
  readonly wasmDir: string;
  /** Of manifest and weights. */
  readonly bytes: number;
}

const require = createRequire(import.meta.url);

function folderOf(npm: string): string | undefined {
  try {
    return dirname(dirname(require.resolve(npm)));
  } catch {
    return undefined;
  }
}

/** Paths of a peer's files, or why it cannot be had. Peers are never a dependency of Mien: only of its development. */
export function findPeer(name: PeerName): FoundPeer | { readonly missing: string } {
  const peer = peers[name];
  const dir = folderOf(peer.npm);
  const wasm = folderOf(backend);
  if (dir === undefined || wasm === undefined) {
    const missing = dir === undefined ? peer.npm : backend;
    return { missing: `${peer.name} is left out: ${missing} is not installed; to compare with it: npm install --no-save ${peer.npm} ${backend}@4.22.0` };
  }
  const [module, manifest, weights] = [peer.module, peer.manifest, peer.weights].map((file) => join(dir, file)) as [string, string, string];
  const gone = [module, manifest, weights].find((file) => !existsSync(file));
  if (gone !== undefined) return { missing: `${peer.name} is left out: the installed ${peer.npm} has no ${gone}` };
  return { ...peer, module, manifest, weights, wasmDir: join(wasm, 'dist'), bytes: statSync(manifest).size + statSync(weights).size };
}

/** Place of each of the peer's outputs among the labels of the data. Throws `UserError` where the data is labelled otherwise. */
export function outputOrder(labels: readonly string[], peer: Pick<Peer, 'name' | 'labels'>): number[] {
  return peer.labels.map((label) => {
    const at = labels.indexOf(parseExpression(label) ?? label);
    if (at < 0) throw new UserError('label-mismatch', `${peer.name} names ${peer.labels.join(', ')}; the data is labelled ${labels.join(', ')}`);
    return at;
  });
}
