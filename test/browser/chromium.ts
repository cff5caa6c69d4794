/** Debian's chromium without a window, driven by playwright-core; WebGPU runs on SwiftShader. */
import { spawnSync } from 'node:child_process'
import { type Browser, chromium, type Page } from 'playwright-core'

const found = spawnSync('which', ['chromium'], { encoding: 'utf8' })
export const executablePath = found.status === 0 ? found.stdout.trim() : undefined
export const REASON = 'there is no chromium on this machine'

const ARGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
]
/** ms; kernels compile on the processor */
const PATIENCE = 60_000

export const launch = (): Promise<Browser> => chromium.launch({ executablePath, args: ARGS })

/** What a page complained about: errors and warnings of the console, exceptions, answers other than 200. */
export interface Visit {
  readonly page: Page
  readonly complaints: string[]
}

/** Opens a page of its own context, looks at it, and closes it. `init` runs before its scripts. */
export async function visit<T>(
  browser: Browser,
  url: string,
  look: (visit: Visit) => Promise<T>,
  { init, ...viewport }: { init?: string; width: number; height: number } = { width: 960, height: 720 },
): Promise<T> {
  const context = await browser.newContext({ viewport })
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  if (init !== undefined) await page.addInitScript(init)
  const complaints: string[] = []
  page.on('console', message => {
    // a screenshot reads the pixels that the processor drew
    if (message.text().includes('GPU stall due to ReadPixels')) return
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', error => complaints.push(`exception: ${error.stack ?? error}`))
  page.on('response', response => {
    if (response.status() >= 400 && !response.url().endsWith('/favicon.ico'))
      complaints.push(`${response.status()} ${response.url()}`)
  })
  page.on('requestfailed', request => complaints.push(`failed: ${request.url()}`))
  try {
    await page.goto(url)
    return await look({ page, complaints })
  } finally {
    await context.close()
  }
}

/** What the page puts into globalThis.answer. @throws when it puts a string there: what went wrong */
export async function answerOf<T>({ page, complaints }: Visit): Promise<T> {
  const answer = await page
    .waitForFunction(() => (globalThis as { answer?: unknown }).answer)
    .then(handle => handle.jsonValue())
    .catch(error => `${error}; the page said: ${complaints.join('; ')}`)
  if (typeof answer === 'string') throw new Error(answer)
  return answer as T
}

/** How many pixels of a PNG have each colour, the most frequent first; red, green and blue in steps of 16. */
export async function coloursOf(browser: Browser, png: Buffer): Promise<number[]> {
  const page = await browser.newPage()
  try {
    return await page.evaluate(async base64 => {
      const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0))
      const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
      const pen = new OffscreenCanvas(image.width, image.height).getContext('2d') as OffscreenCanvasRenderingContext2D
      pen.drawImage(image, 0, 0)
      const { data } = pen.getImageData(0, 0, image.width, image.height)
      const found = new Map<number, number>()
      for (let i = 0; i < data.length; i += 4) {
        const colour = ((data[i] >> 4) << 8) | ((data[i + 1] >> 4) << 4) | (data[i + 2] >> 4)
        found.set(colour, (found.get(colour) ?? 0) + 1)
      }
      return [...found.values()].sort((a, b) => b - a)
    }, png.toString('base64'))
  } finally {
    await page.close()
  }
}
