/** Lets WebGPU run without a GPU: SwiftShader of Debian's chromium, through Vulkan. Import before anything opens a device. */
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'

/** files of a Debian package; none where it is not installed */
function filesOf(name: string): string[] {
  try {
    return execFileSync('dpkg', ['-L', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')
  } catch {
    // whoever asks for an adapter is told that there is none
    return []
  }
}

if (!process.env.VK_ICD_FILENAMES && !process.env.VK_DRIVER_FILES) {
  const files = ['chromium', 'chromium-common'].flatMap(filesOf)
  const icd = files.find(file => file.endsWith('vk_swiftshader_icd.json'))
  if (icd) process.env.VK_ICD_FILENAMES = icd
}
process.env.XDG_RUNTIME_DIR ??= tmpdir()
