/** A graphics adapter in software, for machines without a graphics card: the SwiftShader that comes with Chromium. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const howToGetAnAdapter =
  "no graphics adapter: install Chromium (`apt-get install chromium`), whose SwiftShader is one in software, or a card's Vulkan driver";

const swiftShader = ['/usr/lib/chromium/vk_swiftshader_icd.json', '/usr/lib/chromium-browser/vk_swiftshader_icd.json'];

/** Makes this process find SwiftShader. To be called before the first WebGPU session; adapters that are named already are left alone. */
export function useSoftwareAdapter(): void {
  const found = swiftShader.find((file) => existsSync(file));
  if (process.env.VK_ICD_FILENAMES || process.env.VK_DRIVER_FILES || !found) return;
  process.env.VK_ICD_FILENAMES = found;
  // Vulkan's loader wants a folder it may write to.
  process.env.XDG_RUNTIME_DIR ??= mkdtempSync(join(tmpdir(), 'mien-adapter-'));
}
