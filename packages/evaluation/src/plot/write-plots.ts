/** Plots as PNG files, for papers. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paperPalette } from './palette.ts';
import { type Plot, type PlotHeading, renderPlot } from './svg.ts';

/** Dots a point of the drawing: 300 dpi at a width of 440 points on 11 cm. */
const density = 3;

/** Writes `NAME.png` for each plot into `dir`, which is made if need be; returns the paths. Each file is whole or not there. */
export async function writePlots(plots: readonly Plot[], dir: string, headingOf?: (plot: Plot) => PlotHeading): Promise<string[]> {
  await mkdir(dir, { recursive: true });
  const files: string[] = [];
  const { default: sharp } = await import('sharp');
  for (const plot of plots) {
    const file = join(dir, `${plot.name}.png`);
    const png = await sharp(Buffer.from(renderPlot(plot, { ...paperPalette, ...(headingOf ? { heading: headingOf(plot) } : {}) })), { density: 72 * density })
      .png({ compressionLevel: 9 })
      .toBuffer();
    await writeFile(`${file}.partial`, png);
    await rename(`${file}.partial`, file);
    files.push(file);
  }
  return files;
}
