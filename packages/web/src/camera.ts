/** Opening a camera, with every way it can fail told apart. */
import { UserError } from '@mien/runtime';

const reasons: Readonly<Record<string, readonly [code: string, message: string]>> = {
  NotAllowedError: ['camera-denied', 'the camera was not allowed; allow it in the address bar of the browser and try again'],
  SecurityError: ['camera-denied', 'this page may not use the camera; serve it over https and, in a frame, with allow="camera"'],
  NotFoundError: ['camera-missing', 'no camera was found; plug one in and try again'],
  OverconstrainedError: ['camera-missing', 'no camera can do what was asked for; ask for less'],
  NotReadableError: ['camera-busy', 'the camera cannot be read; another program may be using it'],
  AbortError: ['camera-busy', 'the camera did not start; try again'],
};

/**
 * Asks for the camera. Call it when the person has agreed, for instance from the button that says so. Throws `UserError`:
 * `camera-denied`, `camera-missing`, `camera-busy`, `camera-unsupported`.
 */
export async function openCamera(video: MediaTrackConstraints = {}): Promise<MediaStream> {
  const devices = globalThis.navigator?.mediaDevices;
  if (!devices?.getUserMedia)
    throw new UserError('camera-unsupported', 'this page cannot reach a camera; serve it over https or from localhost, in a current browser');
  try {
    return await devices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, ...video }, audio: false });
  } catch (cause) {
    const { name, message } = cause as Error;
    const [code, text] = reasons[name] ?? ['camera-busy', `the camera did not start (${message || name})`];
    throw new UserError(code, text, { cause });
  }
}
