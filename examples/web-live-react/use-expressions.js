// A hook: faces in front of the camera, for as long as the component is shown.
import { openCamera, openMien } from '@mien/web';
import { useEffect, useRef, useState } from 'react';

function turnOff(camera) {
  for (const track of camera.getTracks()) track.stop();
}

/** `{ video, faces, error }`: a ref for the video element, the faces of the last frame, and what went wrong. */
export function useExpressions(model, assets) {
  const video = useRef(null);
  const [faces, setFaces] = useState([]);
  const [error, setError] = useState();
  useEffect(() => {
    let over = false;
    const closers = [];
    const end = () => {
      for (const close of closers.splice(0).reverse()) close();
    };
    // React may take the component away, or show it a second time, while a promise is still open.
    const keep = (value, close) => {
      closers.push(close);
      if (over) end();
      return value;
    };
    // What has opened, or opens later, is closed; the camera does not stay on behind an error.
    const fail = (reason) => {
      const wasOver = over;
      over = true;
      end();
      if (!wasOver) setError(reason);
    };
    const begin = async () => {
      // The model loads while the person is asked for the camera.
      const opening = openMien({ model, assets, device: 'wasm' }).then((mien) => keep(mien, () => mien.close()));
      const asking = openCamera().then((camera) => keep(camera, () => turnOff(camera)));
      const [mien, camera] = await Promise.all([opening, asking]);
      if (over) return;
      video.current.srcObject = camera;
      await video.current.play();
      if (over) return;
      const live = mien.watch(video.current, { onFaces: setFaces, onError: fail });
      keep(live, () => live.stop());
    };
    begin().catch(fail);
    return () => {
      over = true;
      end();
    };
  }, [model, assets]);
  return { video, faces, error };
}
