/** A recogniser that opens no file: one made-up face an image, so that only what is around recognition is measured. */

const msPerImage = Number(process.env.FAKE_MS_PER_IMAGE ?? 0);

export async function openRecogniser({ options }) {
  const { labels } = options.model;
  return {
    recognise: async (items, { signal }) => {
      if (msPerImage > 0) await new Promise((resolve) => setTimeout(resolve, msPerImage * items.length));
      signal.throwIfAborted();
      return items.map((_, i) => {
        const best = i % labels.length;
        return {
          width: 640,
          height: 480,
          faces: [
            {
              box: { x: i, y: 2 * i, width: 100, height: 110 },
              score: 0.9,
              label: labels[best],
              probabilities: labels.map((_, k) => (k === best ? 0.7 : 0.3 / (labels.length - 1))),
            },
          ],
        };
      });
    },
    release: async () => {},
  };
}
