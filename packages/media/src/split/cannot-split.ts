/** What keeps a video from being cut. */
type Obstacle =
  /** It has no pictures that can be begun with, or not often enough; or they cannot be copied into mp4. */
  | 'video'
  /** There is not enough space in the work folder. */
  | 'disk'
  /** ffmpeg or ffprobe cannot be run. */
  | 'tools';

/** A video cannot be cut into parts that play. `obstacle` says why, and so whether it may be possible later. */
export class CannotSplit extends Error {
  override readonly name = 'CannotSplit';
  readonly obstacle: Obstacle;

  constructor(obstacle: Obstacle, message: string, options?: ErrorOptions) {
    super(message, options);
    this.obstacle = obstacle;
  }
}

/** A part turned out larger than was reckoned; it has to be split again. */
export class PartTooLarge extends Error {
  override readonly name = 'PartTooLarge';
}
