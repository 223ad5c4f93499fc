/** Turning a picture in planes about its centre. */

/** Pixels that planes of this length need beyond each edge to hold the same window turned by any angle. */
export function turnMargin(lengthPx: number): number {
  return Math.ceil(((Math.SQRT2 - 1) / 2) * lengthPx) + 1;
}

/**
 * Bilinear samples of the window in the middle of `planes` [C, H + 2·turnMargin(H), W + 2·turnMargin(W)], turned about
 * its centre by `rollRad`, clockwise on the screen → `out` [C,H,W]: what ran along (cos roll, sin roll) then runs level.
 * The planes show a square whatever H and W. An angle of 0 copies the window exactly.
 */
export function turnPlanes(planes: Float32Array, channels: number, height: number, width: number, rollRad: number, out: Float32Array): Float32Array {
  const marginY = turnMargin(height);
  const marginX = turnMargin(width);
  const rowLength = width + 2 * marginX;
  const plane = rowLength * (height + 2 * marginY);
  const cos = Math.cos(rollRad);
  const sin = Math.sin(rollRad);
  for (let y = 0; y < height; y++) {
    const v = (y + 0.5) / height - 0.5;
    for (let x = 0; x < width; x++) {
      const u = (x + 0.5) / width - 0.5;
      const sourceX = (cos * u - sin * v + 0.5) * width - 0.5 + marginX;
      const sourceY = (sin * u + cos * v + 0.5) * height - 0.5 + marginY;
      const x0 = Math.floor(sourceX);
      const y0 = Math.floor(sourceY);
      const fx = sourceX - x0;
      const fy = sourceY - y0;
      let corner = y0 * rowLength + x0;
      for (let c = 0; c < channels; c++, corner += plane) {
        const top = planes[corner]! + (planes[corner + 1]! - planes[corner]!) * fx;
        const below = planes[corner + rowLength]! + (planes[corner + rowLength + 1]! - planes[corner + rowLength]!) * fx;
        out[(c * height + y) * width + x] = top + (below - top) * fy;
      }
    }
  }
  return out;
}
