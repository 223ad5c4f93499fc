import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FramePump, type PumpedFrame } from './frame-pump.ts';

/** Shows a frame when the test says so. */
class ScriptedVideo {
  srcObject: object | null = null;
  currentTime = 0;
  readonly readyState = 2;
  readonly videoWidth = 640;
  #callback: (now: number, frame: { mediaTime: number }) => void = () => {};
  requestVideoFrameCallback(callback: (now: number, frame: { mediaTime: number }) => void): number {
    this.#callback = callback;
    return 1;
  }
  cancelVideoFrameCallback(): void {}
  /** Its clock runs a little ahead of the frame on show, as browsers' do. */
  show(now: number, mediaTime: number): void {
    this.currentTime = mediaTime + 0.05;
    this.#callback(now, { mediaTime });
  }
}

const page = Object.assign(new EventTarget(), { hidden: false });

function hide(hidden: boolean): void {
  page.hidden = hidden;
  page.dispatchEvent(new Event('visibilitychange'));
}

beforeEach(() => {
  page.hidden = false;
  vi.stubGlobal('document', page);
  vi.stubGlobal('HTMLMediaElement', { HAVE_CURRENT_DATA: 2 });
  vi.stubGlobal('VideoFrame', class {});
});
afterEach(() => {
  vi.unstubAllGlobals();
});

function pumpOf(video: ScriptedVideo): { pump: FramePump; taken: Pick<PumpedFrame, 'time' | 'restart'>[] } {
  const taken: Pick<PumpedFrame, 'time' | 'restart'>[] = [];
  const pump = new FramePump(
    video as unknown as HTMLVideoElement,
    ({ time, restart }) => taken.push({ time, restart }),
    (error) => {
      throw error;
    },
  );
  return { pump, taken };
}

test('a frame that was missed has the time it was shown with: time never runs back', () => {
  const video = new ScriptedVideo();
  const { pump, taken } = pumpOf(video);
  video.show(0, 0);
  video.show(40, 0.04);
  video.show(80, 0.08);
  pump.done();
  pump.done();
  video.show(120, 0.12);
  expect(taken).toEqual([
    { time: 0, restart: true },
    { time: 0.08, restart: false },
    { time: 0.12, restart: false },
  ]);
  expect(pump.dropped).toBe(1);
  pump.stop();
});

test('a film that was hidden goes on with the faces it had; a camera, and a film that jumped, begin anew', () => {
  const film = new ScriptedVideo();
  const camera = Object.assign(new ScriptedVideo(), { srcObject: {} });
  const [ofFilm, ofCamera] = [pumpOf(film), pumpOf(camera)];
  const showBoth = (now: number, mediaTime: number): void => {
    film.show(now, mediaTime);
    camera.show(now, mediaTime);
    ofFilm.pump.done();
    ofCamera.pump.done();
  };
  showBoth(1000, 1);
  hide(true);
  hide(false);
  showBoth(1040, 1.04);
  showBoth(1080, 9);
  expect(ofFilm.taken.map(({ restart }) => restart)).toEqual([true, false, true]);
  expect(ofCamera.taken.map(({ restart }) => restart)).toEqual([true, true, false]);
  ofFilm.pump.stop();
  ofCamera.pump.stop();
});

test('on a machine that needs seconds for a frame nobody is lost between two', () => {
  const camera = Object.assign(new ScriptedVideo(), { srcObject: {} });
  const { pump, taken } = pumpOf(camera);
  const clock = vi.spyOn(performance, 'now');
  camera.show(1000, 1);
  camera.show(3900, 3.9);
  clock.mockReturnValue(4000);
  // The frame on show then is taken at once.
  pump.done();
  clock.mockReturnValue(7000);
  pump.done();
  // Nothing was shown for longer than that: a camera that was covered, or a sleeping machine.
  camera.show(9500, 9.5);
  clock.mockRestore();
  expect(taken).toEqual([
    { time: 1, restart: true },
    { time: 3.9, restart: false },
    { time: 9.5, restart: true },
  ]);
  pump.stop();
});

test('what a camera showed before the page was hidden is not taken after it', () => {
  const camera = Object.assign(new ScriptedVideo(), { srcObject: {} });
  const { pump, taken } = pumpOf(camera);
  camera.show(1000, 1);
  camera.show(1040, 1.04);
  hide(true);
  hide(false);
  pump.done();
  expect(taken).toHaveLength(1);
  pump.stop();
});
