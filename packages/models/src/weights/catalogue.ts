/**
 * Pretrained weights on the Hugging Face hub that fit Mien's models. Licences are those their model cards state; sizes and
 * checksums are not kept here but asked of the hub, which knows them.
 */
import { imagenetNormalisation, type Normalisation, symmetricNormalisation } from './normalisation.ts';

export interface HubWeights {
  /** Repository on the hub, which is also the name they are asked for by. */
  readonly repo: string;
  /** Mien's model they fit. */
  readonly model: string;
  /** SPDX identifier. */
  readonly licence: string;
  /** How images were normalised in their training. */
  readonly expects: Normalisation;
  readonly trainedOn: string;
}

const imagenet = { expects: imagenetNormalisation, trainedOn: 'ImageNet-1k' } as const;

/** The file of every repository here. */
export const hubWeightsFile = 'model.safetensors';

export const hubWeights: readonly HubWeights[] = [
  { repo: 'timm/resnet18.a1_in1k', model: 'resnet18', licence: 'apache-2.0', ...imagenet },
  { repo: 'timm/resnet18.tv_in1k', model: 'resnet18', licence: 'bsd-3-clause', ...imagenet },
  { repo: 'timm/resnet34.tv_in1k', model: 'resnet34', licence: 'bsd-3-clause', ...imagenet },
  { repo: 'timm/resnet50.tv_in1k', model: 'resnet50', licence: 'bsd-3-clause', ...imagenet },
  { repo: 'timm/vgg16.tv_in1k', model: 'vgg16', licence: 'bsd-3-clause', ...imagenet },
  { repo: 'timm/vgg16_bn.tv_in1k', model: 'vgg16-bn', licence: 'bsd-3-clause', ...imagenet },
  { repo: 'timm/vgg19.tv_in1k', model: 'vgg19', licence: 'bsd-3-clause', ...imagenet },
  { repo: 'timm/vgg19_bn.tv_in1k', model: 'vgg19-bn', licence: 'bsd-3-clause', ...imagenet },
  { repo: 'timm/efficientnet_b0.ra_in1k', model: 'efficientnet-b0', licence: 'apache-2.0', ...imagenet },
  { repo: 'timm/mobilenetv2_100.ra_in1k', model: 'mobilenetv2', licence: 'apache-2.0', ...imagenet },
  { repo: 'timm/inception_v3.tv_in1k', model: 'inception-v3', licence: 'apache-2.0', expects: symmetricNormalisation, trainedOn: 'ImageNet-1k' },
  {
    repo: 'timm/vit_small_patch16_224.augreg_in21k_ft_in1k',
    model: 'vit-small',
    licence: 'apache-2.0',
    expects: symmetricNormalisation,
    trainedOn: 'ImageNet-21k, then ImageNet-1k',
  },
];

/** The name of a repository without its owner. */
function shortName({ repo }: HubWeights): string {
  return repo.slice(repo.indexOf('/') + 1);
}

/** The entry of this repository, given with or without its owner. */
export function findHubWeights(name: string): HubWeights | undefined {
  return hubWeights.find((entry) => entry.repo === name || shortName(entry) === name);
}

/**
 * The entry whose weights this file holds, by its absolute path: where a pull keeps them (OWNER/NAME/CHECKSUM/model.safetensors
 * in any cache), or a file named like the repository. Undefined where the path tells of none.
 */
export function findHubWeightsAt(path: string): HubWeights | undefined {
  const [file = '', checksum = '', name, owner] = path.split(/[\\/]/).reverse();
  if (file === hubWeightsFile && /^[0-9a-f]{16}$/.test(checksum)) return hubWeights.find(({ repo }) => repo === `${owner}/${name}`);
  return hubWeights.find((entry) => file.toLowerCase() === `${shortName(entry)}.safetensors`);
}
