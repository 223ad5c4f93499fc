/** `<mien-live model="…">`: a camera or a video with its faces marked, as an element for any page. */
import type { UserError } from '@mien/runtime';
import { openCamera } from './camera.ts';
import type { DeviceChange } from './choose-device.ts';
import { describeFace, drawOverlay } from './draw-overlay.ts';
import type { Live } from './live.ts';
import type { MienFace } from './messages.ts';
import { type Mien, openMien } from './open-mien.ts';

const styles = `
:host { display: inline-block; position: relative; line-height: 0; background: #111; color: #fff; font: 16px/1.4 system-ui, sans-serif; }
video, canvas { width: 100%; height: auto; display: block; }
canvas { position: absolute; inset: 0; pointer-events: none; }
:host([mirror]) video { transform: scaleX(-1); }
p { position: absolute; inset-inline: 0; bottom: 0; margin: 0; padding: .5em .75em; background: rgb(0 0 0 / .7); line-height: 1.4; }
p:empty { display: none; }
`;

/** So that a server that renders pages can load this module too. */
const ElementBase = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/**
 * Attributes: `model` (address of the model), `assets` (folder of the detector and ONNX Runtime; default: beside this script), `src` (a video
 * instead of the camera), `mirror` (show the picture as a mirror), `maps` (draw the class-activation map), `why-not` (a label: the map shows why
 * each face is not that).
 * Properties for other languages: `loadingText`, and `describe`, what stands above each face. Nothing starts by itself: call `start()` when the person has agreed.
 * Events: `faces` (detail: { faces, frame }), `device-change` (detail: the `DeviceChange`) and `error` (detail: the `UserError`).
 */
class MienLiveElement extends ElementBase {
  loadingText = 'Loading…';
  describe: (face: MienFace) => string = describeFace;
  readonly #video = document.createElement('video');
  readonly #canvas = document.createElement('canvas');
  readonly #status = document.createElement('p');
  #mien: Mien | undefined;
  #live: Live | undefined;
  #camera: MediaStream | undefined;
  #starts = 0;

  constructor() {
    super();
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.loop = true;
    this.#status.setAttribute('role', 'status');
    const style = document.createElement('style');
    style.textContent = styles;
    this.attachShadow({ mode: 'open' }).append(style, this.#video, this.#canvas, this.#status);
  }

  /** What runs while started, for corrections and recordings. */
  get live(): Live | undefined {
    return this.#live;
  }

  get mien(): Mien | undefined {
    return this.#mien;
  }

  /** Opens the model and the camera (or `src`) and begins. Errors are shown, sent as an `error` event and thrown. */
  async start(): Promise<void> {
    this.stop();
    const start = ++this.#starts;
    const stillWanted = (): boolean => start === this.#starts;
    try {
      this.#status.textContent = this.loadingText;
      const model = this.getAttribute('model');
      if (!model) throw new TypeError('<mien-live> needs the attribute model, the address of an expression model');
      const assets = this.getAttribute('assets');
      const onDeviceChange = (change: DeviceChange): void => void this.dispatchEvent(new CustomEvent('device-change', { detail: change }));
      const opening = openMien({ model, onDeviceChange, ...(assets ? { assets } : {}) });
      const src = this.getAttribute('src');
      const asking = src ? undefined : openCamera();
      const [mien, camera] = await Promise.all([opening, asking]).catch((error: unknown) => {
        // The other of the two may still succeed; it must not stay behind.
        opening.then((late) => late.close()).catch(() => {});
        asking?.then(turnOff).catch(() => {});
        throw error;
      });
      if (!stillWanted()) {
        mien.close();
        if (camera) turnOff(camera);
        return;
      }
      this.#mien = mien;
      this.#camera = camera;
      if (camera) this.#video.srcObject = camera;
      else if (src) this.#video.src = src;
      await this.#video.play();
      if (!stillWanted()) return;
      this.#status.textContent = '';
      this.#live = mien.watch(this.#video, {
        maps: this.hasAttribute('maps'),
        onFaces: (faces, frame) => {
          const mirrored = this.hasAttribute('mirror');
          drawOverlay(this.#canvas, faces, frame, mien.card.labels, { mirrored, whyNot: this.getAttribute('why-not') ?? undefined, describe: this.describe });
          this.dispatchEvent(new CustomEvent('faces', { detail: { faces, frame } }));
        },
        onError: (error) => this.#tell(error),
      });
    } catch (error) {
      if (stillWanted()) this.#tell(error as UserError);
      throw error;
    }
  }

  /** Ends everything and turns the camera off. */
  stop(): void {
    this.#starts++;
    this.#live?.stop();
    this.#mien?.close();
    if (this.#camera) turnOff(this.#camera);
    this.#video.srcObject = null;
    this.#video.removeAttribute('src');
    this.#canvas.getContext('2d')?.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#status.textContent = '';
    this.#live = undefined;
    this.#mien = undefined;
    this.#camera = undefined;
  }

  disconnectedCallback(): void {
    this.stop();
  }

  #tell(error: Error): void {
    this.stop();
    this.#status.textContent = error.message;
    this.dispatchEvent(new CustomEvent('error', { detail: error }));
  }
}

function turnOff(camera: MediaStream): void {
  for (const track of camera.getTracks()) track.stop();
}

export type { MienLiveElement };

/** Makes the element known to the page under `name`. Calling it again is harmless. */
export function defineMienLive(name = 'mien-live'): void {
  if (!customElements.get(name)) customElements.define(name, MienLiveElement);
}
