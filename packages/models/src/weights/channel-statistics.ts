/** Mean and variance per channel over batches of any size, from those of each batch. */

/** Chan, Golub & LeVeque 1983, eq. 2.1: the squared deviations of two parts add up, plus those of their means. */
export class ChannelStatistics {
  readonly mean: Float64Array;
  /** Biased: Σ (y − mean)² / n, as batch norm divides by while training. */
  readonly variance: Float64Array;
  #count = 0;

  constructor(channels: number) {
    this.mean = new Float64Array(channels);
    this.variance = new Float64Array(channels);
  }

  /** Takes in a batch of `count` images with these statistics, [C] each. */
  add(count: number, mean: ArrayLike<number>, variance: ArrayLike<number>): void {
    const total = this.#count + count;
    const part = count / total;
    for (let c = 0; c < this.mean.length; c++) {
      const delta = mean[c]! - this.mean[c]!;
      this.mean[c]! += delta * part;
      this.variance[c]! += (variance[c]! - this.variance[c]!) * part + delta * delta * part * (1 - part);
    }
    this.#count = total;
  }
}
