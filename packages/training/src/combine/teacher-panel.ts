/** The models a training learns from besides its targets: one session that answers for all of them, batch by batch. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Session, tensor } from '@mien/onnx';
import { createSession } from '@mien/onnx/node';
import { releasedModelsUrl } from '@mien/released-models';
import { UserError } from '@mien/runtime';
import type { Head } from '../heads.ts';
import { originOfCard, type WeightsOrigin } from '../init-file.ts';
import { isRunFolder, runFolder } from '../run-folder.ts';
import { labelOrder } from './match-labels.ts';
import { type Member, readMember } from './member.ts';
import type { Picture } from './member-input.ts';
import { type CommonHead, meanOfModels } from './mean-of-models.ts';

export interface TeacherPanelOptions {
  /** `.onnx` files, folders of runs, whose best model is taken, or names of released models. */
  readonly teachers: readonly string[];
  /** What the batches of the training show. */
  readonly picture: Picture;
  /** Of the network that learns. */
  readonly heads: readonly Head[];
  /** How the faces stand in those batches; teachers must have learned from such. Default `none`. */
  readonly align?: 'none' | 'eyes-level';
  readonly threads?: number | undefined;
}

interface TeacherFile {
  readonly member: Member;
  readonly checksum: string;
}

/** The file that `source` stands for, whether or not it exists. */
export function teacherFile(source: string): string {
  if (isRunFolder(source)) return runFolder(source).model;
  if (existsSync(source) || !/^[\w.-]+$/.test(source)) return source;
  const released = fileURLToPath(new URL(`${source}.onnx`, releasedModelsUrl));
  return existsSync(released) ? released : source;
}

function readTeacher(source: string): TeacherFile {
  const file = teacherFile(source);
  if (!existsSync(file)) {
    const expected = 'expected an .onnx file, the folder of a run with a model.onnx, or the name of a released model';
    throw new UserError('no-teacher', `distill.teachers: ${source}: ${expected}; there is none`);
  }
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(file));
  } catch (cause) {
    throw new UserError('no-teacher', `distill.teachers: ${file}: cannot be read (${(cause as Error).message})`, { cause });
  }
  return { member: readMember(bytes, file), checksum: createHash('sha256').update(bytes).digest('hex') };
}

/** Operations of one image, all teachers together. Throws `UserError` for one that cannot be read. */
export function teacherFlops(teachers: readonly string[]): number {
  return teachers.reduce((sum, source) => sum + readTeacher(source).member.card.flops, 0);
}

/** The heads of the network that every teacher has too. Throws `UserError` where a teacher tells apart other classes there. */
function taughtHeads(heads: readonly Head[], members: readonly Member[]): CommonHead[] {
  return heads.flatMap(({ name, labels }) => {
    const found = members.map((member) => member.heads.find((head) => head.name === name));
    for (const [i, head] of found.entries()) {
      if (head) labelOrder(head.labels, labels, `distill.teachers: ${members[i]!.file}: head ${name}`, 'the training');
    }
    return found.every((head) => head !== undefined) ? [{ name, labels, output: name }] : [];
  });
}

/**
 * Teachers agree by the mean of their probabilities, as `mien ensemble` would export them: what a batch is taught is
 * ln of that mean, which the loss softens by its temperature. They see the very images the network sees, augmented.
 */
export class TeacherPanel {
  /** Names on the teachers' cards. */
  readonly names: readonly string[];
  /** The same with their licences, for the card of what they teach. */
  readonly origins: readonly WeightsOrigin[];
  /** Heads of the network that are taught. */
  readonly heads: readonly CommonHead[];
  /** SHA-256 of each teacher's file: a run goes on with the teachers it began with. */
  readonly checksums: readonly string[];
  readonly #session: Session;
  readonly #picture: Picture;

  private constructor(files: readonly TeacherFile[], heads: readonly CommonHead[], session: Session, picture: Picture) {
    this.names = files.map(({ member }) => member.card.name);
    this.origins = files.map(({ member }) => originOfCard(member.card));
    this.checksums = files.map(({ checksum }) => checksum);
    this.heads = heads;
    this.#session = session;
    this.#picture = picture;
  }

  /** Throws `UserError` for a teacher that cannot be read, that is not of one head with the network, or whose classes differ. */
  static async open({ teachers, picture, heads, align = 'none', threads }: TeacherPanelOptions): Promise<TeacherPanel> {
    const files = teachers.map(readTeacher);
    const members = files.map(({ member }) => member);
    const other = members.find(({ card }) => card.preprocessing.crop.align !== align);
    if (other) {
      const means = { none: 'as they come', 'eyes-level': 'turned so that their eyes lie level' };
      throw new UserError(
        'other-alignment',
        `distill.teachers: ${other.file}: learned from faces ${means[other.card.preprocessing.crop.align]}, this training shows them ${means[align]}; make align the same`,
      );
    }
    const taught = taughtHeads(heads, members);
    if (taught.length === 0) {
      throw new UserError(
        'no-common-head',
        `distill.teachers: no head of the network (${heads.map(({ name }) => name).join(', ')}) is one that all teachers have`,
      );
    }
    const graph = meanOfModels('teachers', members, picture, taught);
    const session = await createSession(graph.encode(), threads ? { threads } : {});
    return new TeacherPanel(files, taught, session, picture);
  }

  /** Writes what the teachers say of `images`, N of them, pixels 0…1, to `target` of each head, [N,K]. */
  async teach(images: Float32Array, batch: number, target: (head: string) => Float32Array): Promise<void> {
    const fetches = Object.fromEntries(this.heads.map(({ name, labels }) => [name, tensor.float32(target(name), [batch, labels.length])]));
    await this.#session.run({ image: tensor.float32(images, [batch, ...this.#picture.shape]) }, fetches);
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
