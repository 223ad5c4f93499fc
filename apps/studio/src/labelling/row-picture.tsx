/** One stored picture, large, its pixels as they are. */
import type { LabelOverview } from '@mien/server/api';
import { useEffect, useRef } from 'preact/hooks';

export interface RowPictureProps {
  readonly image: LabelOverview['image'];
  /** [C,H,W], 0…255. */
  readonly pixels: Uint8Array;
  readonly label: string;
}

export function RowPicture({ image: { channels, height, width }, pixels, label }: RowPictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const data = new ImageData(width, height);
    const plane = width * height;
    for (let i = 0; i < plane; i++) {
      for (let c = 0; c < 3; c++) data.data[4 * i + c] = pixels[(channels === 3 ? c * plane : 0) + i]!;
      data.data[4 * i + 3] = 255;
    }
    canvas.current!.getContext('2d')!.putImageData(data, 0, 0);
  }, [pixels, channels, height, width]);
  return <canvas ref={canvas} class="row-picture" width={width} height={height} role="img" aria-label={label} />;
}
